import { existsSync } from 'node:fs';
import { OnparError } from '../../core/errors.ts';
import { chooseSignature, endpointOf } from '../../formats/tflite/contract.ts';
import { isStateful, operatorMissing } from '../../formats/tflite/operators.ts';
import { readTflite } from '../../formats/tflite/read.ts';
import { withFile } from '../../tensor/bytes.ts';
import { fitSample } from '../fit.ts';
import { type CompiledModel, type CpuOptions, compile } from '../litert/compiled.ts';
import { loadLibrary } from '../litert/library.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';

interface Options extends CpuOptions {
  readonly signature: string | null;
}

const NAME = 'litert-node';

/**
 * Runs TFLite models in process with LiteRT's own C library, out of the ai-edge-litert wheel. Signatures, dynamic sizes,
 * quantised inputs and outputs, strings and state as the runtime `litert` has them; outputs whose size depends on values, and
 * empty dimensions, are what LiteRT's compiled models cannot do.
 */
export async function litertNode(packages: Packages): Promise<NodeRuntime> {
  const library = loadLibrary(packages);
  const environment = library.make('LiteRtCreateEnvironment', 0, null);
  return {
    name: NAME,
    version: library.version,
    async open(path, given): Promise<NodeSession> {
      const options: Options = { threads: null, xnnpack: true, signature: null, ...given };
      if (!existsSync(path)) {
        throw new OnparError({
          code: 'model-file-missing',
          message: `the model file ${path} does not exist`,
          exitCode: 1,
        });
      }
      const model = readTflite(
        withFile(path, (source, size) => source(0, size)),
        path,
      );
      const choice = chooseSignature(model, options.signature);
      if ('refused' in choice) {
        throw new OnparError({
          code: 'bad-request',
          message: `${path}: ${choice.refused}`,
          fix: 'name one of them with the option signature',
          exitCode: 1,
        });
      }
      const endpoint = endpointOf(model, choice.chosen);
      const refused = (error: unknown): unknown => {
        const text = (error as Error).message;
        return (
          operatorMissing(text, model, path, NAME) ??
          new OnparError({
            code: 'model-load-failed',
            message: `${path}: LiteRT ${library.version} refuses it: ${text}`,
            fix: 'check that the file is complete; another runtime (`--runtime litert`) may say more',
            exitCode: 1,
            cause: error,
          })
        );
      };
      let handle: bigint;
      let compiled: CompiledModel;
      try {
        handle = library.make('LiteRtCreateModelFromFile', environment, path);
        compiled = compile(library, environment, handle, endpoint, options);
        compiled.allocate();
      } catch (error) {
        throw refused(error);
      }
      // A compiled model has no way to forget: where one keeps something, each sample gets a new one.
      const stateful = isStateful(model);
      let used = false;
      return {
        contract: endpoint.contract,
        facts: {
          signature: endpoint.signature,
          signatures: model.signatures.map(({ key }) => key).sort(),
          threads: options.threads,
          xnnpack: options.xnnpack,
          ...(stateful ? { stateful: 'reset before each sample' } : {}),
        },
        async run(inputs) {
          const fitted = fitSample(inputs, endpoint.contract);
          if (stateful && used) {
            compiled.close();
            compiled = compile(library, environment, handle, endpoint, options);
          }
          used = true;
          const outputs = compiled.run(fitted);
          return new Map(endpoint.contract.outputs.map(({ name }, index) => [name, outputs[index]!]));
        },
        async close() {
          compiled.close();
          library.destroy('LiteRtDestroyModel', handle);
        },
      };
    },
  };
}
