import { OnparError } from '../../core/errors.ts';

export type Args = Readonly<Record<string, unknown>>;

const bad = (option: string, text: string, fix: string): OnparError =>
  new OnparError({ code: 'bad-option', message: `--${option} \`${text}\``, fix });

/** All values of an option that may be given several times. */
export function many(args: Args, name: string): string[] {
  const value = args[name];
  if (value === undefined || value === null) return [];
  const values = (Array.isArray(value) ? value : [value]).map(String);
  // `--out "$DIR"` with an unset variable must not mean the current folder. Only --investigate stands alone.
  if (values.includes('') && name !== 'investigate')
    throw new OnparError({
      code: 'bad-option',
      message: `--${name} has no value`,
      fix: `write --${name} VALUE; see --help`,
    });
  return values;
}

/** The last value of an option. */
export function one(args: Args, name: string): string | undefined {
  return many(args, name).at(-1);
}

export function integer(args: Args, name: string, least: number): number | undefined {
  const text = one(args, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || text.trim() === '')
    throw bad(name, text, `a whole number from ${least} on`);
  return value;
}

/** `NAME=value` pairs. The last of a name counts. */
export function pairs(args: Args, name: string, form: string): [string, string][] {
  return many(args, name).map((text) => {
    const at = text.indexOf('=');
    if (at < 1 || at === text.length - 1) throw bad(name, text, `write --${name} ${form}`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

export function numbers(option: string, text: string, form: string, whole: boolean): number[] {
  const values = text.split(',').map((t) => (t.trim() === '' ? Number.NaN : Number(t)));
  if (values.some((v) => !Number.isFinite(v) || (whole && (!Number.isInteger(v) || v < 0))))
    throw bad(option, text, `write --${option} ${form}`);
  return values;
}

/** `opset=18`, `dynamo=false`: a JSON value where it is one, else text. */
export function optionValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
