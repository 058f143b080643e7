import { SCHEMAS } from '../operators.generated.ts';
import { domainOf } from '../scopes.ts';

/** What a version of an operator takes. */
export interface OperatorSchema {
  /** The opset that brought this version. */
  readonly since: number;
  readonly inputs: readonly OperatorInput[];
  /** Name → kind: f i s t g p y for float, int, string, tensor, graph, sparse tensor, type; capitals for lists. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface OperatorInput {
  readonly name: string;
  readonly optional: boolean;
  /** Any number of them from here on. */
  readonly variadic: boolean;
  /** Of the same element type as the first operand. */
  readonly sameType: boolean;
}

const keyOf = (domain: string, op: string): string => (domainOf(domain) === '' ? op : `${domain}::${op}`);

/** All versions of an operator, oldest first; null for those withdrawn. Undefined: a domain or operator not known here. */
export function schemasOf(domain: string, op: string): readonly (OperatorSchema | null)[] | undefined {
  const key = keyOf(domain, op);
  return Object.hasOwn(SCHEMAS, key) ? SCHEMAS[key]?.map(parse) : undefined;
}

/** The operator as an opset has it; undefined where it has none, or it is not known here. */
export function schemaAt(domain: string, op: string, opset: number): OperatorSchema | undefined {
  const key = keyOf(domain, op);
  const rows = Object.hasOwn(SCHEMAS, key) ? SCHEMAS[key] : undefined;
  const row = rows?.findLast((text) => Number.parseInt(text, 10) <= opset);
  return row === undefined ? undefined : (parse(row) ?? undefined);
}

function parse(row: string): OperatorSchema | null {
  const [since = '', inputs = '', attributes = ''] = row.split('|');
  if (inputs === '-') return null;
  return {
    since: Number(since),
    inputs: words(inputs).map((word) => ({
      name: word.replace(/[?*/]+$/, ''),
      optional: /\?/.test(word),
      variadic: /\*/.test(word),
      sameType: !word.endsWith('/'),
    })),
    attributes: new Map(words(attributes).map((word) => word.split(':') as [string, string])),
  };
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** The input at a place; the last one stands for all behind it where it is variadic. */
export function inputAt({ inputs }: OperatorSchema, index: number): OperatorInput | undefined {
  const last = inputs.at(-1);
  return inputs[index] ?? (last?.variadic === true ? last : undefined);
}

/** How many operands an operator needs at least. */
export const leastInputs = ({ inputs }: OperatorSchema): number =>
  inputs.findLastIndex(({ optional }) => !optional) + 1;
