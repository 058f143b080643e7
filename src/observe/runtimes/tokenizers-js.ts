import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import type { Dim, IoContract } from '../../records/contract.ts';
import { stringTensor, tensorFrom } from '../../tensor/build.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';

interface Encoding {
  readonly ids: number[];
  readonly tokens: string[];
  readonly attention_mask: number[];
  /** Missing where the post-processor knows no second text: then all of them are of the first. */
  readonly token_type_ids?: number[];
}

interface Tokenizer {
  encode(text: string, options: { add_special_tokens: boolean; return_token_type_ids: true }): Encoding;
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
}

interface Library {
  readonly Tokenizer: new (tokenizer: object, config: object) => Tokenizer;
}

/** Behind the end of a shorter row: no token has this id. The Python runtime fills up with the same. */
const PAD = -1;

const ROWS: Dim[] = ['batch', 'tokens'];
const CONTRACT: IoContract = {
  inputs: [{ name: 'text', dtype: 'string', shape: ['batch'] }],
  outputs: [
    ...['ids', 'attention_mask', 'type_ids'].map((name) => ({ name, dtype: 'int64' as const, shape: ROWS })),
    { name: 'tokens', dtype: 'string', shape: ROWS },
    { name: 'decoded', dtype: 'string', shape: ['batch'] },
  ],
  names: 'declared',
};

/** The tokenizers of Transformers.js, from tokenizer.json and, where there is one beside it, tokenizer_config.json. */
export async function tokenizersJs(packages: Packages): Promise<NodeRuntime> {
  const library = packages.require('@huggingface/tokenizers') as Library;
  return {
    name: 'tokenizers-js',
    version: packages.version('@huggingface/tokenizers'),
    async open(path, { specialTokens = true }): Promise<NodeSession> {
      const tokenizer = load(library, path);
      return {
        contract: CONTRACT,
        facts: { specialTokens },
        run: async (inputs) => run(tokenizer, inputs, specialTokens === true),
        close: async () => {},
      };
    },
  };
}

function load({ Tokenizer }: Library, path: string): Tokenizer {
  const config = join(dirname(path), 'tokenizer_config.json');
  try {
    return new Tokenizer(json(path), existsSync(config) ? json(config) : {});
  } catch (cause) {
    throw new OnparError({
      code: existsSync(path) ? 'model-load-failed' : 'model-file-missing',
      message: `${path}: Tokenizers.js cannot read it: ${(cause as Error).message}`,
      fix: 'name the tokenizer.json that save_pretrained or Tokenizer.save wrote',
      cause,
    });
  }
}

const json = (path: string): object => JSON.parse(readFileSync(path, 'utf8')) as object;

function run(tokenizer: Tokenizer, inputs: NamedTensors, special: boolean): NamedTensors {
  const texts = inputs.get('text');
  if (texts?.strings === undefined || texts.shape.length !== 1) {
    throw new OnparError({
      code: 'input-mismatch',
      message: `a tokenizer takes \`text\`, one axis of strings; the sample has ${[...inputs].map(([name, { dtype, shape }]) => `${name} ${dtype}[${shape.join(', ')}]`).join(', ')}`,
    });
  }
  const rows = texts.strings.map((text) =>
    tokenizer.encode(text, { add_special_tokens: special, return_token_type_ids: true }),
  );
  const longest = Math.max(0, ...rows.map(({ ids }) => ids.length));
  const shape = [rows.length, longest];
  const numbers = (of: (row: Encoding) => number[], filler: number): Tensor => {
    const flat = rows.flatMap((row) => padded(of(row), longest, filler));
    return tensorFrom('int64', shape, flat.map(BigInt));
  };
  return new Map([
    ['ids', numbers((row) => row.ids, PAD)],
    ['attention_mask', numbers((row) => row.attention_mask, 0)],
    ['type_ids', numbers((row) => row.token_type_ids ?? row.ids.map(() => 0), 0)],
    [
      'tokens',
      stringTensor(
        shape,
        rows.flatMap(({ tokens }) => padded(tokens, longest, '')),
      ),
    ],
    [
      'decoded',
      stringTensor(
        [rows.length],
        // It refuses to decode nothing, which is no text in every language.
        rows.map(({ ids }) => (ids.length === 0 ? '' : tokenizer.decode(ids, { skip_special_tokens: false }))),
      ),
    ],
  ]);
}

const padded = <T>(row: readonly T[], length: number, filler: T): T[] => [
  ...row,
  ...new Array<T>(Math.max(length - row.length, 0)).fill(filler),
];
