import { OnparError } from '../core/errors.ts';
import { TOLERANCE_PRESETS } from '../records/presets.ts';
import { BOX_FORMATS, type JudgementRule, type TaskGate } from '../records/rules.ts';
import { isToleranceValue, type ToleranceSetting, type ToleranceValue, toleranceValue } from './tolerance-schema.ts';

const FIX =
  'write `auto`, a preset (float32, float16, bfloat16, int8), `rtol=1e-3,atol=1e-5`, `{relative: "0.1%"}`, an expression such as `cosine > 0.9999 and maxAbs < 1e-3`, or a task gate: `argmax=99%`, `topK=5,overlap=98%`, `accuracy=99%,labels=NAME`, `iou=0.9`';

const bad = (text: string, why: string, fix = FIX): OnparError =>
  new OnparError({ code: 'bad-tolerance', message: `tolerance \`${text}\`: ${why}`, fix });

/** `0.1%` or `0.001` as a fraction. Throws on anything else. */
function fraction(text: string | number): number {
  if (typeof text === 'number') return text;
  const match = /^\s*([0-9.]+(?:e[+-]?\d+)?)\s*(%?)\s*$/i.exec(text);
  // Fifteen digits: 99.9 / 100 is 0.9990000000000001 in binary.
  const value =
    match === null
      ? Number.NaN
      : match[2] === '%'
        ? Number((Number(match[1]) / 100).toPrecision(15))
        : Number(match[1]);
  if (!Number.isFinite(value)) throw bad(text, 'not a number or a percentage');
  return value;
}

/** A share of rows, labels or boxes. */
function shareOf(value: string | number, key: string): number {
  const share = fraction(value);
  if (share < 0 || share > 1) throw bad(`${key}=${value}`, 'a share lies between 0 and 1 (0 % and 100 %)');
  return share;
}

/** What a user wrote as a tolerance, as a rule. The text forms are the same in suites and after `--tolerance`. */
export function parseTolerance(value: ToleranceValue): JudgementRule {
  if (typeof value !== 'string') {
    const gate = gateOf(value);
    if (gate !== null) return { kind: 'gate', gate };
    if ('relative' in value) return { kind: 'relative', fraction: fraction(value.relative) };
    const { atol = 0, rtol = 0 } = value as { atol?: number; rtol?: number };
    return { kind: 'bounds', atol, rtol };
  }
  const text = value.trim();
  if (text === 'auto') return { kind: 'auto' };
  const preset = TOLERANCE_PRESETS.find((p) => p === text);
  if (preset !== undefined) return { kind: 'preset', preset };
  if (ASSIGNMENT.test(text)) return parseAssignments(text);
  if (/^[0-9.]+(e[+-]?\d+)?%?$/i.test(text))
    throw bad(text, 'a bare number could be atol, rtol or a share of the scale');
  if (!/[<>=]/.test(text)) throw bad(text, 'neither a preset nor an expression');
  return { kind: 'expression', expression: text };
}

function gateOf(value: Exclude<ToleranceValue, string>): TaskGate | null {
  if ('argmax' in value) return { name: 'argmax', share: shareOf(value.argmax, 'argmax'), axis: value.axis ?? -1 };
  if ('topK' in value)
    return { name: 'topK', k: value.topK, share: shareOf(value.overlap, 'overlap'), axis: value.axis ?? -1 };
  if ('accuracy' in value) {
    const { accuracy, labels, axis = -1, threshold = null } = value;
    return { name: 'accuracy', share: shareOf(accuracy, 'accuracy'), labels, axis, threshold };
  }
  if (!('iou' in value)) return null;
  const { iou, matched = 1, format = 'xyxy', scores = null, classes = null, minScore = null } = value;
  if (minScore !== null && scores === null)
    throw bad(
      `minScore=${minScore}`,
      'without `scores:` no box has one',
      'name the output with the scores: `scores: NAME`',
    );
  // A box may be off by 1 − iou of its area; without another word its score may be off by as much.
  const scoreWithin = value.scoreWithin ?? Number((1 - iou).toPrecision(6));
  return { name: 'iou', iou, share: shareOf(matched, 'matched'), format, scores, classes, scoreWithin, minScore };
}

/** What begins an assignment, and the keys that may stand beside it. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  atol: ['rtol'],
  rtol: ['atol'],
  relative: [],
  argmax: ['axis'],
  topK: ['overlap', 'axis'],
  accuracy: ['labels', 'axis', 'threshold'],
  iou: ['matched', 'format', 'scores', 'classes', 'scoreWithin', 'minScore'],
};
const ASSIGNMENT = new RegExp(`^(${Object.keys(FORMS).join('|')})\\s*=(?!=)`, 'i');

/** Keys whose value stays text. */
const TEXTS = ['labels', 'scores', 'classes', 'format'];

function parseAssignments(text: string): JudgementRule {
  const head = (ASSIGNMENT.exec(text)?.[1] ?? '').toLowerCase();
  const form = Object.keys(FORMS).find((key) => key.toLowerCase() === head) ?? '';
  const allowed = [form, ...(FORMS[form] ?? [])];
  const given: Record<string, string | number> = {};
  for (const part of text.split(',')) {
    const match = /^\s*(\w+)\s*=\s*([^\s=]+)\s*$/.exec(part);
    const key = allowed.find((name) => name.toLowerCase() === match?.[1]?.toLowerCase());
    if (key === undefined || match?.[2] === undefined) {
      if (FORMS[form]?.length === 0) throw bad(text, `\`${form}\` stands alone`);
      throw bad(text, `\`${part.trim()}\` is not ${allowed.map((name) => `${name}=…`).join(' or ')}`);
    }
    given[key] = TEXTS.includes(key) ? match[2] : fraction(match[2]);
  }
  const parsed = toleranceValue.safeParse(given);
  if (!parsed.success) throw bad(text, wrong(form, given));
  return parseTolerance(parsed.data);
}

/** Why the values of a gate are none, told by the first that is wrong or missing. */
function wrong(form: string, given: Readonly<Record<string, string | number>>): string {
  const needed = form === 'topK' ? 'overlap' : form === 'accuracy' ? 'labels' : undefined;
  if (needed !== undefined && given[needed] === undefined) return `\`${form}\` needs \`${needed}=…\` beside it`;
  if (form === 'topK' && !(Number.isInteger(given.topK) && Number(given.topK) > 0))
    return `\`topK=${given.topK}\` is no whole number above 0`;
  if (given.axis !== undefined && !Number.isInteger(given.axis)) return `\`axis=${given.axis}\` is no whole number`;
  if (given.format !== undefined && !(BOX_FORMATS as readonly unknown[]).includes(given.format))
    return `\`format=${given.format}\` is none of ${BOX_FORMATS.join(', ')}`;
  return 'a share lies between 0 and 1 (0 % and 100 %)';
}

/** Rules by output name; `*` holds for all others. */
export function parseTolerances(setting: ToleranceSetting | undefined): Record<string, JudgementRule> {
  if (setting === undefined) return {};
  if (isToleranceValue(setting)) return { '*': parseTolerance(setting) };
  return Object.fromEntries(Object.entries(setting).map(([name, value]) => [name, parseTolerance(value)]));
}

/**
 * `--tolerance`: a rule for all outputs, or `NAME:rule` for one. Names may hold colons (`StatefulPartitionedCall:0`), rules
 * hold none, so the last one divides.
 */
export function parseToleranceOptions(texts: readonly string[]): Record<string, JudgementRule> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf(':');
      return at < 1 ? ['*', parseTolerance(text)] : [text.slice(0, at).trim(), parseTolerance(text.slice(at + 1))];
    }),
  );
}
