import type { AttributeValue } from '../../records/graph.ts';

/** A node of TensorFlow's GraphDef, as JSON. `input`: `node`, `node:1` for a further output, `^node` for order alone. */
export interface GraphDefNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, GraphDefAttribute>>;
}

interface GraphDefAttribute {
  readonly s?: string | readonly number[];
  readonly i?: string | number;
  readonly f?: number | string;
  readonly b?: boolean;
  readonly type?: string | number;
  readonly shape?: { readonly dim?: readonly { readonly size?: string | number }[]; readonly unknownRank?: boolean };
  readonly list?: {
    readonly s?: readonly (string | readonly number[])[];
    readonly i?: readonly (string | number)[];
    readonly f?: readonly (number | string)[];
    readonly b?: readonly boolean[];
  };
}

/** The nodes of a graph model, each behind those that it needs. Edges back (a loop of version 1) are followed once. */
export function inOrder(nodes: readonly GraphDefNode[]): GraphDefNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set<string>();
  const order: GraphDefNode[] = [];
  for (const first of nodes) {
    const stack: (readonly [GraphDefNode, boolean])[] = [[first, false]];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const [node, isReady] = top;
      if (isReady) order.push(node);
      else if (!done.has(node.name)) {
        done.add(node.name);
        stack.push([node, true]);
        for (const input of [...(node.input ?? [])].reverse()) {
          const source = byName.get(portOf(input)[0]);
          if (source !== undefined && !done.has(source.name)) stack.push([source, false]);
        }
      }
    }
  }
  return order;
}

/** Node and number of an input: `split:1` → `['split', 1]`. */
export function portOf(input: string): readonly [string, number] {
  const [, name = '', number = '0'] = /^\^?(.*?)(?::(\d+))?$/.exec(input) ?? [];
  return [name, Number(number)];
}

/** Numbers, texts and lists of them; underscores in front are the converter's own notes. */
export function attributesOf({ attr = {} }: GraphDefNode): Record<string, AttributeValue> {
  const plain: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(attr)) {
    const read = name.startsWith('_') ? undefined : readAttribute(value);
    if (read !== undefined) plain[name] = read;
  }
  return plain;
}

function readAttribute({ s, i, f, b, type, shape, list }: GraphDefAttribute): AttributeValue | undefined {
  if (s !== undefined) return textOf(s);
  if (i !== undefined) return Number(i);
  if (f !== undefined) return Number(f);
  if (b !== undefined) return b;
  if (type !== undefined) return String(type);
  if (shape !== undefined && shape.unknownRank !== true) return (shape.dim ?? []).map(({ size }) => Number(size ?? 0));
  if (list?.s !== undefined) return list.s.map(textOf);
  return list?.b === undefined ? (list?.i ?? list?.f)?.map(Number) : [...list.b];
}

/** Bytes are base64 in JSON; some writers list them as numbers. */
const textOf = (bytes: string | readonly number[]): string =>
  new TextDecoder().decode(
    typeof bytes === 'string' ? Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)) : Uint8Array.from(bytes),
  );
