import type { SamplePlan } from '../records/rules.ts';
import { stringTensor } from '../tensor/build.ts';
import { elementCount } from '../tensor/tensor.ts';
import { type Axes, shapeAt } from './axes.ts';
import { domainOf } from './domain.ts';
import { fillInput } from './fill-input.ts';
import { normal } from './generators/normal.ts';
import type { Candidate } from './portfolio.ts';

/**
 * What text-handling code gets wrong, by kind. Each kind is a sample, so that a difference names it. Escapes stand where an
 * editor would hide or normalise the characters. No zero bytes, which string tensors cannot carry, and no lone surrogates,
 * which UTF-8 cannot.
 */
export const TEXTS: Readonly<Record<string, readonly string[]>> = {
  ascii: ['The quick brown fox jumps over the lazy dog.', "it's, don't; we'll (not) co-operate!", 'a', 'x1y2z3'],
  empty: ['', ' ', 'a'],
  accents: ['naïve café', 'Ångström', 'Zürich', 'crème brûlée', 'ÀÉÎÕÜ'],
  // The same words composed and decomposed, a mark out of order, a letter under many marks.
  combining: ['caf\u00e9', 'cafe\u0301', 'a\u0323\u0301', 'a\u0301\u0323', 'o\u0302\u0303\u0304\u0305', '\u0301a'],
  // NFKC and NFKD change them: ligatures, full width, superscripts, Roman numerals, a Kelvin sign.
  compatibility: ['\ufb01ne', '\uff21\uff22\uff23\uff11', 'x\u00b2', '\u2163', '\u212a', '\u00bd', '\u3392'],
  // Lower case is longer, depends on the place, or on the language.
  case: ['\u0130stanbul', 'STRASSE straße', 'ΟΔΥΣΣΕΥΣ', 'ǅ', 'ŸÊ'],
  // Joined by ZWJ, with skin tones, flags, a keycap, a variation selector.
  emoji: ['😀', '👩‍👩‍👧‍👦', '👍🏽', '🇺🇳🇩🇪', '1️⃣', '❤️ ❤'],
  cjk: ['你好,世界。', 'こんにちは世界', 'カタカナ ﾊﾝｶｸ', '안녕하세요', '\u1112\u1161\u11ab', '𠀋𠮷'],
  'right-to-left': ['שָׁלוֹם', 'مرحبا بالعالم', 'abc \u202bاب\u202c def', '١٢٣'],
  indic: ['नमस्ते', 'ক্ষমা', 'ไทย ภาษา'],
  whitespace: ['a  b', '  lead', 'trail  ', 'a\tb\nc\r\nd', 'a\u00a0b\u2003c\u3000d', '\u200b\u2060\ufeff', '\n\n\n'],
  control: ['a\u0001b', 'a\u007fb', 'a\u0085b', 'a\u00adb', '\u2028\u2029', '\ufffd', '\ufffe'],
  // Written in the text by a user; whether they become the special token is the question.
  special: ['[CLS] hi [SEP]', '<s>a</s>', '<|endoftext|>', '[MASK]ed', '<pad><unk>', '[cls]', 'a[SEP]b'],
  numbers: ['3.14159', '1,000,000', '1e-7', '0x1F', '2026-11-30', '12345678901234567890', '½⅓'],
  code: ['def f(x):\n\treturn x**2  # ok', '{"a": [1, 2]}', 'https://a.example/b?c=d&e=%20', 'a_b-c.d/e\\f'],
  rare: ['\u{1d573}\u{1d58a}', '\u{10ffff}', '\u0378', 'ꙮ', '𒀀'],
  repeated: ['a'.repeat(200), 'ab '.repeat(100), '!'.repeat(64), 'é'.repeat(64)],
  long: ['Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(80)],
};

/** One sample of texts a kind; other inputs are drawn as ever. Empty for plans without a text. */
export function textSamples({ inputs, seed }: SamplePlan, axes: Axes): Candidate[] {
  if (!inputs.some(({ role, dtype }) => role === 'text' && dtype === 'string')) return [];
  const batch = axes.all.filter(({ isBatch }) => isBatch);
  return Object.entries(TEXTS).map(([kind, texts]) => {
    const sizes = new Map([...axes.base, ...batch.map(({ key }) => [key, texts.length] as const)]);
    return {
      id: `text[${kind}]`,
      generator: 'text',
      make: () =>
        new Map(
          inputs.map((input) => {
            const shape = shapeAt(input, axes, sizes);
            if (input.role !== 'text' || input.dtype !== 'string')
              return [input.name, fillInput(normal, input, shape, domainOf(input), seed).tensor];
            const count = elementCount(shape);
            const strings = Array.from({ length: count }, (_, i) => texts[i % texts.length] as string);
            return [input.name, stringTensor(shape, strings)];
          }),
        ),
    };
  });
}
