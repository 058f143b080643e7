import { OnparError } from '../../core/errors.ts';

/**
 * A number as its server wrote it. JavaScript's own parser rounds integers beyond 2^53 and refuses `NaN` and `Infinity`,
 * which TensorFlow Serving, Triton and Python's json write.
 */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | JsonNumber | readonly Json[] | { readonly [name: string]: Json };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const SPACE = /[\s]*/y;
const WORDS: readonly (readonly [string, null | boolean])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];

/** Deeper than any tensor; without a bound a hostile answer would end the process. */
const MAX_DEPTH = 256;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at < this.#text.length) throw this.#broken('ends too late');
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#broken('is nested too deeply');
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === '[') return this.#list(depth);
    if (first === '{') return this.#object(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#match(NUMBER);
    if (number === null || number === '') throw this.#broken('is no JSON');
    return new JsonNumber(number);
  }

  #list(depth: number): Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#next(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#next(','));
    if (!this.#next(']')) throw this.#broken('is no JSON');
    return items;
  }

  #object(depth: number): { [name: string]: Json } {
    // Without a prototype: names come from the server.
    const entries: { [name: string]: Json } = Object.create(null);
    this.#at++;
    if (this.#next('}')) return entries;
    do {
      this.#match(SPACE);
      const name = this.#string();
      if (!this.#next(':')) throw this.#broken('is no JSON');
      entries[name] = this.#value(depth + 1);
    } while (this.#next(','));
    if (!this.#next('}')) throw this.#broken('is no JSON');
    return entries;
  }

  #string(): string {
    const text = this.#match(STRING);
    if (text === null) throw this.#broken('is no JSON');
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.#broken('is no JSON');
    }
  }

  #next(char: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #broken(what: string): OnparError {
    const text = this.#text;
    const near = text.slice(Math.max(0, this.#at - 20), this.#at + 20);
    const place = text.trim() === '' ? 'it is empty' : `near ${JSON.stringify(near)}, character ${this.#at}`;
    return new OnparError({ code: 'served-garbage', message: `the answer ${what}: ${place}`, exitCode: 1 });
  }
}

/** Reads JSON without losing a digit, `NaN` and the infinities included. OnparError `served-garbage` for anything else. */
export const parseJson = (text: string): Json => new Reader(text).document();

export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
