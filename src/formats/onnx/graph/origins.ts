import type { OpNode, SourcePlace } from '../../../records/graph.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';

/** What exporters kept of where a node comes from. */
export type Origin = Pick<OpNode, 'module' | 'source' | 'origins'>;

/**
 * Reads what the exporter wrote beside a node:
 * - PyTorch's exporter (dynamo): `namespace` or `pkg.torch.onnx.name_scopes`, `fx_node`, `stack_trace` in metadata_props;
 * - PyTorch's older exporter: scopes in the node's name (`/layers/layers.0/Gemm`), a stack in doc_string (verbose exports);
 * - tf2onnx and keras2onnx: TensorFlow's scopes (`StatefulPartitionedCall/model/conv1/Conv2D`, `…__12` for what was added);
 * - skl2onnx: names of its operators (`Scaler`, `LinearClassifier`).
 */
export function originOf(node: NodeProto): Origin {
  const told = new Map(node.metadataProps.map(({ key, value }) => [key, value]));
  if (told.has('pkg.torch.onnx.fx_node') || told.has('namespace') || told.has('pkg.torch.onnx.name_scopes'))
    return fromDynamo(told, node);
  const source = lastUserFrame(told.get('pkg.torch.onnx.stack_trace') ?? node.docString);
  const first = node.output.find((name) => name !== '') ?? '';
  const scoped = node.name.startsWith('/') || (node.name === '' && first.startsWith('/'));
  if (scoped) return { ...fromScopes((node.name || first).slice(1).split('/')), source };
  if ((node.name || first).includes('/')) return { ...fromTensorFlow(node.name || first), source };
  return { module: [], origins: distinct([node.name, first]), source };
}

function fromDynamo(told: ReadonlyMap<string, string>, { name, output }: NodeProto): Origin {
  const scopes = pythonList(told.get('pkg.torch.onnx.name_scopes')) ?? namespaceScopes(told.get('namespace') ?? '');
  const fx = /^%(\S+)\s*:/.exec(told.get('pkg.torch.onnx.fx_node') ?? '')?.[1] ?? scopes.at(-1);
  return {
    module: modulePath(scopes.slice(0, -1)),
    origins: distinct([fx ?? '', output[0] ?? '', name]),
    source: lastUserFrame(told.get('pkg.torch.onnx.stack_trace') ?? ''),
  };
}

/** `: Model/layers: Sequential/layers.0: Linear/linear: aten.linear.default` → `['', 'layers', 'layers.0', 'linear']`. */
const namespaceScopes = (namespace: string): string[] =>
  namespace.split(/\/(?=[^/]*: )/).map((part) => part.slice(0, Math.max(0, part.indexOf(': '))));

/** `['', 'layers', 'layers.0']` is how Python prints it. */
function pythonList(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  return [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** Full paths of nested modules as steps: `layers`, `layers.0`, `layers.0.norm` → `['layers', '0', 'norm']`. */
function modulePath(scopes: readonly string[]): string[] {
  const steps: string[] = [];
  let outer = '';
  for (const scope of scopes) {
    if (scope === '') continue;
    steps.push(outer !== '' && scope.startsWith(`${outer}.`) ? scope.slice(outer.length + 1) : scope);
    outer = scope;
  }
  return steps;
}

/** `layers/layers.0/Gemm`: the last part is the operator, the others are the modules. */
function fromScopes(parts: readonly string[]): Omit<Origin, 'source'> {
  const modules = modulePath(parts.slice(0, -1));
  return { module: modules, origins: distinct([parts.slice(0, -1).at(-1) ?? '', parts.join('/')]) };
}

/** Function calls that TensorFlow's savers wrap around a model: no layers. */
const WRAPPER = /^(Stateful)?PartitionedCall(_\d+)?$/;

function fromTensorFlow(name: string): Omit<Origin, 'source'> {
  // `:0` counts results, `__12` what tf2onnx added to a node of TensorFlow.
  const parts = name
    .replace(/:\d+$/, '')
    .replace(/__\d+$/, '')
    .split('/')
    .filter((part) => part !== '' && !WRAPPER.test(part));
  const module = parts.slice(0, -1);
  return { module, origins: distinct([module.join('/'), parts.join('/'), module.at(-1) ?? '']) };
}

/** Code of libraries and of Python itself: the user's own frames are what is left. */
const LIBRARY = /[/\\](site-packages|dist-packages|lib[/\\]python3\.\d+)[/\\]|^<|[/\\]onpar_[a-z]+[/\\]/;

/** The innermost frame of a Python stack that is not a library's; null where there is none. */
export function lastUserFrame(stack: string): SourcePlace | null {
  let found: SourcePlace | null = null;
  const lines = stack.split('\n');
  for (const [i, line] of lines.entries()) {
    const traceback = /^\s*File "(.+)", line (\d+)/.exec(line);
    // PyTorch's older exporter: `/path/model.py(31): forward`, innermost first.
    const older = traceback === null ? /^\s*(?:#\s*)?(\S.*\.py)\((\d+)\)(?:: |<)/.exec(line) : null;
    const [, file, number] = traceback ?? older ?? [];
    if (file === undefined || LIBRARY.test(file)) continue;
    const next = traceback === null ? undefined : lines[i + 1]?.trim();
    const text = next === undefined || next === '' || next.startsWith('File "') ? {} : { text: next };
    found = { file, line: Number(number), ...text };
    if (older !== null) break;
  }
  return found;
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].filter((name) => name !== '');
