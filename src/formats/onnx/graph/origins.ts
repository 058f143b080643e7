import type { OpNode } from '../../../records/graph.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';

type Origin = Pick<OpNode, 'module' | 'origins' | 'source'>;

/**
 * What exporters tell of where a node came from. PyTorch's dynamo exporter writes `pkg.torch.onnx.*` into the node's
 * metadata (torch.onnx._internal.exporter._core: fx node, class hierarchy, name scopes, stack trace); its TorchScript
 * exporter names nodes by their scopes (`/layers.0/fc/MatMul`) and puts the source place into `doc_string`; tf2onnx names
 * nodes as TensorFlow did (`model/dense_1/MatMul`).
 */
export function originOf(node: NodeProto): Origin {
  const told = new Map(node.metadataProps.map(({ key, value }) => [key, value]));
  const fx = told.get('pkg.torch.onnx.fx_node');
  const scopes = told.get('pkg.torch.onnx.name_scopes');
  const trace = told.get('pkg.torch.onnx.stack_trace') ?? node.docString;
  const fxName = fx === undefined ? null : (/%(\S+?)\s*(?::|\[|=)/.exec(fx)?.[1] ?? null);
  const module = scopes === undefined ? fromName(node.name) : listOf(scopes).filter((part) => part !== '');
  return {
    // The last scope is the fx node itself; those before it are module paths, each the whole path so far.
    module: scopes === undefined ? module : lastParts(module.slice(0, -1)),
    origins: unique([fxName, scopes === undefined ? null : module.at(-1), node.name === '' ? null : node.name]),
    source: placeIn(trace),
  };
}

/** A list as Python prints it: `['', 'layers.0', 'relu_1']`. */
const listOf = (text: string): string[] =>
  [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1] ?? m[2] ?? '');

/** `['encoder', 'encoder.layers.0']` → `['encoder', 'layers.0']`. */
const lastParts = (paths: readonly string[]): string[] =>
  paths.map((path, i) => {
    const outer = paths[i - 1];
    return outer !== undefined && path.startsWith(`${outer}.`) ? path.slice(outer.length + 1) : path;
  });

/** Scopes in a name: `/layers.0/fc/MatMul`, `model/dense_1/MatMul`. */
const fromName = (name: string): string[] =>
  name.includes('/')
    ? name
        .split('/')
        .filter((part) => part !== '')
        .slice(0, -1)
    : [];

const unique = (names: readonly (string | null | undefined)[]): string[] => [
  ...new Set(names.filter((name): name is string => name !== null && name !== undefined && name !== '')),
];

/** The last frame of a traceback outside of libraries, as Python prints it; also `model.py(31): forward` of the older exporter. */
export function placeIn(trace: string): OpNode['source'] {
  const frames = [...trace.matchAll(/File "([^"]+)", line (\d+)[^\n]*(?:\n\s*([^\n]*))?/g)].map(
    ([, file = '', line, text]) => ({
      file,
      line: Number(line),
      ...(text === undefined || text.trim() === '' ? {} : { text: text.trim() }),
    }),
  );
  const older = [...trace.matchAll(/^\s*(\S+\.py)\((\d+)\):/gm)].map(([, file = '', line]) => ({
    file,
    line: Number(line),
  }));
  // The older exporter lists the innermost frame first.
  const own = (frames.length > 0 ? frames.toReversed() : older).filter(
    ({ file }) => !/(site|dist)-packages|<\w+>/.test(file),
  );
  return own[0] ?? null;
}
