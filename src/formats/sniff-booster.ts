import type { Format } from './known.ts';

/**
 * XGBoost's JSON and UBJSON models are an object whose first key is `learner` (doc/model.schema; older files may have
 * `version` before it). UBJSON writes a key as an integer marker, its length and its bytes (ubjson.org, draft 12).
 */
const XGBOOST_JSON = /^\s*\{\s*(?:"version"\s*:\s*\[[\d\s,]*\]\s*,\s*)?"learner"\s*:\s*\{/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: UBJSON is binary; these are the bytes of a length.
const XGBOOST_UBJSON = /^\{(?:L\0{7}|l\0{3}|I\0|[iU])\x07(?:learner\{|version\[)/;
/** LightGBM's text models: `tree`, then the version of the format (src/boosting/gbdt_model_text.cpp, SaveModelToString). */
const LIGHTGBM = /^tree\r?\nversion=v\d/;

/** Recognises model files of gradient boosting libraries by their first bytes, read as Latin-1. */
export function formatOfBooster(text: string): Format | undefined {
  if (XGBOOST_JSON.test(text) || XGBOOST_UBJSON.test(text)) return 'xgboost';
  return LIGHTGBM.test(text) ? 'lightgbm' : undefined;
}
