import { OnparError } from '../core/errors.ts';
import { TOLERANCE_PRESETS } from '../records/presets.ts';
import type { ToleranceRule } from '../records/rules.ts';
import type { ToleranceSetting, ToleranceValue } from './schema.ts';

const FIX =
  'write `auto`, a preset (float32, float16, bfloat16, int8), `rtol=1e-3,atol=1e-5`, `{relative: "0.1%"}`, or an expression such as `cosine > 0.9999 and maxAbs < 1e-3`';

const bad = (text: string, why: string): OnparError =>
  new OnparError({ code: 'bad-tolerance', message: `tolerance \`${text}\`: ${why}`, fix: FIX });

/** `0.1%` or `0.001` as a fraction. Throws on anything else. */
function fraction(text: string): number {
  const match = /^\s*([0-9.]+(?:e[+-]?\d+)?)\s*(%?)\s*$/i.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!Number.isFinite(value)) throw bad(text, 'not a number or a percentage');
  return value;
}

/** What a user wrote as a tolerance, as a rule. The text forms are the same in suites and after `--tolerance`. */
export function parseTolerance(value: ToleranceValue): ToleranceRule {
  if (typeof value !== 'string') {
    if ('relative' in value)
      return {
        kind: 'relative',
        fraction: typeof value.relative === 'number' ? value.relative : fraction(value.relative),
      };
    return { kind: 'bounds', atol: value.atol ?? 0, rtol: value.rtol ?? 0 };
  }
  const text = value.trim();
  if (text === 'auto') return { kind: 'auto' };
  const preset = TOLERANCE_PRESETS.find((p) => p === text);
  if (preset !== undefined) return { kind: 'preset', preset };
  if (/^(atol|rtol|relative)\s*=/.test(text)) return parseAssignments(text);
  if (/^[0-9.]+(e[+-]?\d+)?%?$/i.test(text))
    throw bad(text, 'a bare number could be atol, rtol or a share of the scale');
  if (!/[<>=]/.test(text)) throw bad(text, 'neither a preset nor an expression');
  return { kind: 'expression', expression: text };
}

function parseAssignments(text: string): ToleranceRule {
  const given = new Map<string, string>();
  for (const part of text.split(',')) {
    const match = /^\s*(atol|rtol|relative)\s*=\s*([^\s=]+)\s*$/.exec(part);
    if (match?.[1] === undefined || match[2] === undefined)
      throw bad(text, `\`${part.trim()}\` is not atol=…, rtol=… or relative=…`);
    given.set(match[1], match[2]);
  }
  const relative = given.get('relative');
  if (relative !== undefined) {
    if (given.size > 1) throw bad(text, '`relative` stands alone');
    return { kind: 'relative', fraction: fraction(relative) };
  }
  return { kind: 'bounds', atol: fraction(given.get('atol') ?? '0'), rtol: fraction(given.get('rtol') ?? '0') };
}

const isSingle = (setting: ToleranceSetting): setting is ToleranceValue =>
  typeof setting === 'string' || ['atol', 'rtol', 'relative'].some((key) => key in setting);

/** Rules by output name; `*` holds for all others. */
export function parseTolerances(setting: ToleranceSetting | undefined): Record<string, ToleranceRule> {
  if (setting === undefined) return {};
  if (isSingle(setting)) return { '*': parseTolerance(setting) };
  return Object.fromEntries(Object.entries(setting).map(([name, value]) => [name, parseTolerance(value)]));
}
