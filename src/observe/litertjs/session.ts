import { OnparError } from '../../core/errors.ts';
import { chooseSignature, endpointOf, type TfliteEndpoint } from '../../formats/tflite/contract.ts';
import { isStateful, operatorMissing } from '../../formats/tflite/operators.ts';
import { readTflite } from '../../formats/tflite/read.ts';
import type { TfliteModel } from '../../formats/tflite/types.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { bytesOf, viewOf } from '../../tensor/views.ts';
import { fitSample } from '../fit.ts';
import type { NodeSession } from '../runtime.ts';
import type { JsArray, JsModel, JsTensor, LiteRtJs } from './api.ts';

/** The element types that LiteRT.js passes in and out (DATATYPES in its datatypes.ts). */
const DTYPES: readonly string[] = ['float32', 'int32', 'uint8'];
const INSTEAD = 'use the runtime `litert-node` or `litert`';

export interface JsOptions {
  readonly signature?: string | null;
  readonly accelerator?: 'wasm' | 'webgpu';
}

/**
 * Opens a TFLite model with LiteRT.js, in Node or in a page: nothing here is of one of them. `shown` is the file as messages
 * call it. Throws OnparError `dynamic-unsupported`, `dtype-unsupported`, `operator-missing`, `model-load-failed`.
 */
export async function openWithLiteRtJs(
  api: LiteRtJs,
  { name, version }: { readonly name: string; readonly version: string },
  bytes: Uint8Array,
  shown: string,
  { signature = null, accelerator = 'wasm' }: JsOptions,
): Promise<NodeSession> {
  const model = readTflite(bytes, shown);
  const choice = chooseSignature(model, signature);
  if ('refused' in choice) {
    throw new OnparError({
      code: 'bad-request',
      message: `${shown}: ${choice.refused}`,
      fix: 'name one of them with the option signature',
      exitCode: 1,
    });
  }
  const endpoint = endpointOf(model, choice.chosen);
  checkSupported(model, name, shown);
  const refused = (code: string, error: unknown): OnparError => {
    const text = oneLine(error);
    const message = code === 'run-failed' ? text : `${shown}: ${name} ${version} refuses it: ${text}`;
    return (
      operatorMissing(text, model, shown, name) ??
      new OnparError({ code, message, fix: INSTEAD, exitCode: 1, cause: error })
    );
  };
  const compile = async (): Promise<JsModel> => {
    try {
      return await api.loadAndCompile(bytes, { accelerator });
    } catch (error) {
      throw refused('model-load-failed', error);
    }
  };
  let compiled = await compile();
  // A compiled model has no way to forget: where one keeps something, each sample gets a new one.
  const stateful = isStateful(model);
  let used = false;
  return {
    contract: endpoint.contract,
    facts: {
      signature: endpoint.signature,
      signatures: model.signatures.map(({ key }) => key).sort(),
      accelerator,
      threads: 1,
      ...(stateful ? { stateful: 'reset before each sample' } : {}),
    },
    async run(inputs) {
      const fitted = fitSample(inputs, endpoint.contract);
      if (stateful && used) {
        compiled.delete();
        compiled = await compile();
      }
      used = true;
      try {
        return await runOnce(api, compiled, endpoint, fitted);
      } catch (error) {
        throw refused('run-failed', error);
      }
    },
    async close() {
      compiled.delete();
    },
  };
}

/** Emscripten throws numbers and objects without a message. */
const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .slice(0, 300);

/** LiteRT.js describes all signatures when it opens a model, so one that it cannot pass spoils the others. */
function checkSupported(model: TfliteModel, name: string, shown: string): void {
  const used = model.signatures.length === 0 ? [0] : model.signatures.map(({ graph }) => graph);
  const tensors = used.flatMap((place) => {
    const graph = model.graphs[place] as TfliteModel['graphs'][number];
    return [...graph.inputs, ...graph.outputs].map(
      (index) => graph.tensors[index] as TfliteModel['graphs'][number]['tensors'][number],
    );
  });
  const dynamic = tensors.find(({ shape }) => shape?.some((d) => d < 0) ?? true);
  if (dynamic !== undefined) {
    throw new OnparError({
      code: 'dynamic-unsupported',
      message: `${shown}: ${dynamic.name} has dynamic dimensions, [${(dynamic.shape ?? []).map((d) => (d < 0 ? '?' : d)).join(', ')}], and ${name} has no way to size them`,
      fix: `export the model with fixed sizes, or ${INSTEAD}`,
      exitCode: 1,
    });
  }
  const foreign = tensors.find(({ type }) => !DTYPES.includes(type));
  if (foreign !== undefined) {
    throw new OnparError({
      code: 'dtype-unsupported',
      message: `${shown}: ${foreign.name} is ${foreign.type}; ${name} passes ${DTYPES.join(', ')} only`,
      fix: `convert it with float inputs and outputs, or ${INSTEAD}`,
      exitCode: 1,
    });
  }
}

async function runOnce(
  api: LiteRtJs,
  compiled: JsModel,
  { signature, contract }: TfliteEndpoint,
  fitted: readonly Tensor[],
): Promise<NamedTensors> {
  const runner = signature === null ? Object.values(compiled.signatures)[0] : compiled.signatures[signature];
  if (runner === undefined) throw new Error(`it has no signature ${signature}`);
  const made: JsTensor[] = [];
  try {
    const feeds: Record<string, JsTensor> = {};
    for (const [index, { name }] of contract.inputs.entries()) {
      const { shape } = fitted[index] as Tensor;
      const tensor = new api.Tensor(viewOf(fitted[index] as Tensor) as JsArray, [...shape]);
      made.push(tensor);
      feeds[name] = tensor;
    }
    const results = await runner.run(feeds);
    made.push(...Object.values(results));
    const outputs = contract.outputs.map(async ({ name }): Promise<readonly [string, Tensor]> => {
      const result = results[name];
      if (result === undefined) throw new Error(`output ${name} did not come back`);
      const { dtype, layout } = result.type;
      const shape = Array.from(layout.dimensions);
      return [name, { dtype: dtype as Dtype, shape, data: bytesOf((await result.data()).slice()) }];
    });
    return new Map(await Promise.all(outputs));
  } finally {
    for (const tensor of made) tensor.delete();
  }
}
