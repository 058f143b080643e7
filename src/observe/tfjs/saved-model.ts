import { OnparError } from '../../core/errors.ts';
import type { Dim, IoContract, TensorSpec } from '../../records/contract.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { NodeSession } from '../runtime.ts';
import { kindOf, tfjsDtype } from './contract.ts';
import { runError } from './errors.ts';
import type { Tf, TfTensor } from './tf.ts';
import { fromTf, toTf } from './values.ts';

/** `tf.node` of tfjs-node, as far as SavedModels go (src/saved_model.ts). */
export interface TfNode {
  getMetaGraphsFromSavedModel(path: string): Promise<readonly MetaGraph[]>;
  loadSavedModel(path: string, tags: string[], signature: string): Promise<SavedModel>;
}

interface MetaGraph {
  readonly tags: readonly string[];
  readonly signatureDefs: Readonly<Record<string, Signature>>;
}

interface Signature {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

interface TensorInfo {
  readonly tfDtype: string;
  /** Messages of protobuf, whose size is −1 where it is open. */
  readonly shape: readonly { getSize?(): number; readonly array?: readonly number[] }[];
}

interface SavedModel {
  predict(inputs: Readonly<Record<string, TfTensor>>): Readonly<Record<string, TfTensor>>;
  dispose(): void;
}

/** tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY and tf.saved_model.SERVING. */
const DEFAULT = 'serving_default';
const SERVING = 'serve';

/**
 * Opens one signature of a SavedModel in TensorFlow's C library. Throws OnparError `model-load-failed`, `signature-missing` or
 * `signature-unknown`, which list what there is.
 */
export async function openSavedModel(
  tf: Tf & { readonly node: TfNode },
  label: string,
  path: string,
  asked: string | null,
): Promise<NodeSession> {
  const { tags, signatureDefs } = await metaGraph(tf, label, path);
  const name = choose(signatureDefs, asked, path);
  const contract = contractOf(signatureDefs[name] as Signature);
  const model = await opening(label, path, () => tf.node.loadSavedModel(path, [...tags], name));
  return {
    contract,
    facts: { kind: 'SavedModel', backend: 'tensorflow', signature: name, signatures: names(signatureDefs) },
    async run(inputs) {
      const fed: Record<string, TfTensor> = {};
      let results: Readonly<Record<string, TfTensor>> = {};
      try {
        for (const { name: input, dtype } of contract.inputs) {
          const tensor = inputs.get(input);
          if (tensor === undefined) {
            throw new OnparError({
              code: 'input-mismatch',
              message: `the sample has ${[...inputs.keys()].join(', ') || 'no inputs'}; the signature ${name} takes ${contract.inputs.map((i) => i.name).join(', ')}`,
              fix: 'name the suite’s inputs as the model does, or map them with `inputs:`',
              exitCode: 1,
            });
          }
          fed[input] = toTf(tf, input, tensor, dtype);
        }
        results = model.predict(fed);
        const outputs = new Map<string, Tensor>();
        for (const { name: output } of contract.outputs)
          outputs.set(output, await fromTf(output, results[output] as TfTensor));
        return outputs;
      } catch (error) {
        throw runError(tf, error);
      } finally {
        for (const tensor of new Set([...Object.values(fed), ...Object.values(results)])) tensor.dispose();
      }
    },
    async close() {
      model.dispose();
    },
  };
}

async function metaGraph(tf: { readonly node: TfNode }, label: string, path: string): Promise<MetaGraph> {
  const graphs = await opening(label, path, () => tf.node.getMetaGraphsFromSavedModel(path));
  const serving = graphs.find(({ tags }) => tags.includes(SERVING)) ?? graphs[0];
  if (serving !== undefined) return serving;
  throw new OnparError({ code: 'model-load-failed', message: `${path} holds no graph`, exitCode: 1 });
}

async function opening<T>(label: string, path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${label} cannot open the SavedModel ${path}: ${(error as Error).message.split('\n')[0]}`,
      fix: 'check that the folder holds saved_model.pb and variables/ as they were written; the runtime `tensorflow` reads every dtype',
      exitCode: 1,
      cause: error,
    });
  }
}

/** Those with underscores in front belong to TensorFlow itself. */
const names = (signatures: MetaGraph['signatureDefs']): string[] =>
  Object.keys(signatures)
    .filter((name) => !name.startsWith('__'))
    .sort();

function choose(signatures: MetaGraph['signatureDefs'], asked: string | null, path: string): string {
  const all = names(signatures);
  if (all.length === 0) {
    throw new OnparError({
      code: 'signature-missing',
      message: `${path} has no signatures, so nothing in it can be called by name`,
      fix: 'save it with one: tf.saved_model.save(module, folder, signatures={"serving_default": …})',
      exitCode: 1,
    });
  }
  const found = asked ?? (all.includes(DEFAULT) ? DEFAULT : all.length === 1 ? all[0] : undefined);
  if (found !== undefined && all.includes(found)) return found;
  throw new OnparError({
    code: 'signature-unknown',
    message:
      asked === null
        ? `${path} has several signatures and no ${DEFAULT}: ${all.join(', ')}`
        : `${path} has no signature ${asked}; it has ${all.join(', ')}`,
    fix: 'name one of them with the option signature',
    exitCode: 1,
  });
}

/** A signature is a map without order: that of the names, `output_2` before `output_10`, as for the runtime `tensorflow`. */
function contractOf({ inputs, outputs }: Signature): IoContract {
  const side = (tensors: Readonly<Record<string, TensorInfo>>): TensorSpec[] =>
    Object.entries(tensors)
      .sort(([a], [b]) => (a === b ? 0 : a.localeCompare(b, 'en', { numeric: true })))
      .map(([name, { tfDtype, shape }]) => ({
        name,
        dtype: tfDtype === 'DT_INT64' ? 'int64' : tfDtype === 'DT_UINT8' ? 'uint8' : tfjsDtype(tfDtype),
        shape: shape.map(sizeOf),
      }));
  return kindOf(side(inputs), side(outputs));
}

function sizeOf(dim: TensorInfo['shape'][number]): Dim {
  const size = dim.getSize?.() ?? dim.array?.[0] ?? 0;
  return size < 0 ? null : size;
}
