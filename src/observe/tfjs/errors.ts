import { OnparError } from '../../core/errors.ts';
import type { TfjsModelJson } from '../../formats/tfjs/model-json.ts';
import type { Tf } from './tf.ts';

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error))
    .trim()
    .replaceAll(/\s+/g, ' ')
    .slice(0, 400);

/** Why a model could not be made: OnparError `model-load-failed`, with the known reasons explained. */
export function loadError(name: string, path: string, json: TfjsModelJson, error: unknown): OnparError {
  if (error instanceof OnparError) return error;
  const text = textOf(error);
  const keras = String(json.modelTopology.keras_version ?? '');
  const fromKeras3 = /^[3-9]/.test(keras);
  const custom = /Unknown (?:layer|regularizer|initializer|activation|constraint)[: ]+'?(\w+)/.exec(text)?.[1];
  return new OnparError({
    code: 'model-load-failed',
    message: fromKeras3
      ? `${name} cannot open ${path}, a layers model of Keras ${keras}: TensorFlow.js reads the layer configurations of Keras 2 (${text})`
      : `${name} cannot open ${path}: ${text}`,
    fix: fromKeras3
      ? 'convert it to a graph model instead (`--to tfjs`, or `tensorflowjs_converter --output_format=tfjs_graph_model` from a SavedModel)'
      : custom === undefined
        ? 'see the layer, operator or tensor named above; export it again if the file is damaged'
        : `${custom} is no layer of TensorFlow.js: convert the model to a graph model (\`--to tfjs\`)`,
    exitCode: 1,
    cause: error,
  });
}

/** An operator of the file that TensorFlow.js does not know at all. */
export const unknownOperators = (name: string, path: string, operators: readonly string[]): OnparError =>
  new OnparError({
    code: 'operator-unsupported',
    message: `${name} has no operator ${operators.join(', ')}, which ${path} uses`,
    fix: 'replace it in the model, or deploy the SavedModel with tfjs-node (`--runtime tfjs-node`)',
    exitCode: 1,
  });

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
}

/**
 * Why a loop never reached its outputs: TensorFlow.js waits for the first output of a Switch that stands among a node's control
 * inputs (tfjs-converter 4.22, GraphExecutor.processChildNodes), and the branch that is taken has only the second. Null: another reason.
 */
export function neverReached(
  label: string,
  { path, json }: { readonly path: string; readonly json: TfjsModelJson },
  error: unknown,
): OnparError | null {
  if (!/^Cannot compute the outputs/.test(textOf(error))) return null;
  const nodes = (json.modelTopology.node ?? []) as readonly GraphNode[];
  const switches = new Set(nodes.filter(({ op }) => op === 'Switch').map(({ name }) => `^${name}`));
  const stuck = nodes.filter(({ input = [] }) => input.some((name) => switches.has(name)));
  const [first] = stuck;
  if (first === undefined) return null;
  return new OnparError({
    code: 'operator-unsupported',
    message: `${label} never ends a loop of ${path}: ${stuck.length} nodes (${first.op} ${first.name}, for one) wait for a Switch by a control input, which TensorFlow.js never sees come`,
    fix: 'convert it with onpar’s tfjs-converter (`--to tfjs`), which leaves these control inputs out, or unroll the loop (Keras: `unroll=True`)',
    exitCode: 1,
    cause: error,
  });
}

/** Backends in the order in which they are named as a way out. */
const BACKENDS = ['wasm', 'webgl', 'webgpu', 'tensorflow', 'cpu'];

/** Why a sample did not run: `operator-unsupported` where a kernel is missing, `input-mismatch`, else `run-failed`. */
export function runError(tf: Tf, error: unknown): OnparError {
  if (error instanceof OnparError) return error;
  const text = textOf(error);
  const [, kernel, backend] = /[Kk]ernel '(\w+)' (?:is )?not registered for backend '([\w-]+)'/.exec(text) ?? [];
  if (kernel !== undefined && backend !== undefined) {
    const others = BACKENDS.filter((other) => other !== backend && tf.getKernel(kernel, other) !== undefined);
    return new OnparError({
      code: 'operator-unsupported',
      message: `the backend ${backend} of TensorFlow.js has no kernel ${kernel}${others.length === 0 ? '' : `; ${others.join(' and ')} ${others.length === 1 ? 'has' : 'have'} it`}`,
      fix:
        others.length === 0
          ? 'replace the operator in the model, or use the runtime `tfjs-node`'
          : `deploy on that backend (option \`backend: ${others[0]}\`), use the runtime \`tfjs-node\`, or replace the operator in the model`,
      exitCode: 1,
      cause: error,
    });
  }
  if (/Unknown dtype complex64/.test(text)) {
    return new OnparError({
      code: 'operator-unsupported',
      message: `the backend ${tf.getBackend()} of TensorFlow.js has no complex numbers`,
      fix: 'deploy on another backend (option `backend: cpu`), or use the runtime `tfjs-node`',
      exitCode: 1,
      cause: error,
    });
  }
  if (/only supports rank-1 bias/.test(text)) {
    return new OnparError({
      code: 'operator-unsupported',
      message: `the backend ${tf.getBackend()} of TensorFlow.js adds vectors only in _FusedMatMul, and the converter fused the addition of a matrix into it (${text})`,
      fix: 'deploy on another backend (option `backend: cpu`), or use the runtime `tfjs-node`',
      exitCode: 1,
      cause: error,
    });
  }
  const unknown = /Unknown op '(\w+)'/.exec(text)?.[1];
  if (unknown !== undefined) {
    return new OnparError({
      code: 'operator-unsupported',
      message: `TensorFlow.js has no operator ${unknown}`,
      fix: 'replace it in the model, or deploy the SavedModel with tfjs-node',
      exitCode: 1,
      cause: error,
    });
  }
  const refused = /^The (?:shape|dtype) of dict\[|^Error when checking|expected .* to have \d+ dimension/.test(text);
  return new OnparError({ code: refused ? 'input-mismatch' : 'run-failed', message: text, exitCode: 1, cause: error });
}
