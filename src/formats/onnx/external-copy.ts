import { closeSync, constants, copyFileSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { checkedLocation, externalDataFiles } from './external-data.ts';
import type { ModelProto, TensorProto } from './onnx_pb.generated.ts';
import { scopesOf } from './scopes.ts';

/** Copies of the files beside a model that hold its weights. */
export interface ExternalCopies {
  /** The copy of a location, open for reading and writing until `close`. */
  readonly handle: (location: string) => number;
  readonly close: () => void;
  /** Makes the model's tensors name the copies. */
  readonly rename: () => void;
}

/**
 * Copies a model's external data beside `to`, for a model that will be written there: in the same folders below it, each
 * file with the name of `to` in front of its own, since the folder may be the original's. Where the file system can, a copy
 * shares its blocks with the original until one of them changes. Training graphs are dropped: no runtime evaluates them.
 * OnparError `output-exists` where a copy or `to` would replace the model or its data, `file-missing` for data not there.
 */
export function copyExternal(model: ModelProto, from: string, to: string): ExternalCopies {
  model.trainingInfo = [];
  const locations = externalDataFiles(from);
  const originals = [from, ...locations.map((location) => join(dirname(from), location))];
  refuseReplacing(to, originals);
  mkdirSync(dirname(resolve(to)), { recursive: true });
  const copyOf = new Map(
    locations.map((location) => {
      const copy = posix.join(posix.dirname(location), `${basename(to)}.${posix.basename(location)}`);
      const [source, target] = [join(dirname(from), location), join(dirname(to), copy)];
      refuseReplacing(target, originals);
      if (!existsSync(source)) {
        throw new OnparError({
          code: 'file-missing',
          message: `${source}, which holds weights of ${from}, does not exist`,
          fix: 'put it back beside the model, or save the model again',
        });
      }
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      return [location, copy] as const;
    }),
  );
  const handles = new Map<string, number>();
  return {
    handle: (location) => {
      const known = handles.get(location);
      if (known !== undefined) return known;
      const opened = openSync(join(dirname(to), copyOf.get(location) as string), 'r+');
      handles.set(location, opened);
      return opened;
    },
    close: () => {
      for (const handle of handles.values()) closeSync(handle);
    },
    rename: () => {
      for (const tensor of tensorsIn(model)) {
        if (tensor.dataLocation !== 1) continue;
        // The checksum was that of the original's bytes.
        tensor.externalData = tensor.externalData.filter(({ key }) => key !== 'checksum');
        for (const entry of tensor.externalData) {
          const copy = entry.key === 'location' ? copyOf.get(checkedLocation(entry.value, from)) : undefined;
          if (copy !== undefined) entry.value = copy;
        }
      }
    },
  };
}

function refuseReplacing(target: string, originals: readonly string[]): void {
  if (!existsSync(target)) return;
  const real = realpathSync(target);
  if (!originals.some((original) => existsSync(original) && realpathSync(original) === real)) return;
  throw new OnparError({
    code: 'output-exists',
    message: `${target} belongs to the model itself, which must not change`,
    fix: 'write the copy to another folder or under another name',
  });
}

/** Every tensor that a model holds, wherever it hangs. */
export function* tensorsIn(model: ModelProto): Generator<TensorProto> {
  for (const { graph, nodes, function: fn } of scopesOf(model)) {
    yield* graph?.initializer ?? [];
    for (const { values, indices } of graph?.sparseInitializer ?? []) yield* present(values, indices);
    for (const attributes of [...nodes.map(({ attribute }) => attribute), fn?.attributeProto ?? []]) {
      for (const { t, tensors, sparseTensor, sparseTensors } of attributes) {
        yield* present(t, ...tensors);
        for (const sparse of sparseTensor === undefined ? sparseTensors : [sparseTensor, ...sparseTensors])
          yield* present(sparse.values, sparse.indices);
      }
    }
  }
}

const present = (...tensors: readonly (TensorProto | undefined)[]): TensorProto[] =>
  tensors.filter((tensor) => tensor !== undefined);
