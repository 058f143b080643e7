import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Format } from './known.ts';
import { isTfjsFile } from './sniff-tfjs.ts';

export interface SniffedFolder {
  readonly format?: Format;
  /** Where the model is, when it is not the folder itself. */
  readonly path?: string;
  /** For an error: what is in the folder, and the entry that may have been meant. */
  readonly holds: string;
  readonly model?: string;
}

/** How many names of a folder an error shows. */
const SHOWN = 6;
const MODEL_FILE = /\.(onnx|tflite|pte|keras|h5|pb|pt|pth|pt2|joblib|pkl|skops|ubj|xml)$/i;

/** A SavedModel is a folder with saved_model.pb (tensorflow/cc/saved_model/constants.h); a TFJS model one with a model.json of its own. */
export function sniffFolder(path: string): SniffedFolder {
  const names = readdirSync(path).sort();
  const holds =
    names.length === 0 ? 'nothing' : `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ' …' : ''}`;
  if (names.includes('saved_model.pb') || names.includes('saved_model.pbtxt')) return { format: 'savedmodel', holds };
  const main = join(path, 'model.json');
  if (names.includes('model.json') && isTfjsFile(main)) return { format: 'tfjs', path: main, holds };
  if (isHuggingFace(path, names)) return { format: 'huggingface', holds };
  const model =
    names.find((name) => existsSync(join(path, name, 'saved_model.pb'))) ??
    names.find((name) => existsSync(join(path, name, 'model.json'))) ??
    names.find((name) => MODEL_FILE.test(name));
  return model === undefined ? { holds } : { holds, model };
}

/** Weights as save_pretrained writes them (transformers/utils: SAFE_WEIGHTS_NAME, WEIGHTS_NAME and their indices). */
const PRETRAINED = /^(model\.safetensors|pytorch_model\.bin)(\.index\.json)?$/;

/** A folder of Transformers: weights, and a config.json that says of which architecture. */
function isHuggingFace(path: string, names: readonly string[]): boolean {
  if (!names.includes('config.json') || !names.some((name) => PRETRAINED.test(name))) return false;
  try {
    const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown> | null;
    return Array.isArray(config?.architectures) || typeof config?.model_type === 'string';
  } catch {
    return false;
  }
}
