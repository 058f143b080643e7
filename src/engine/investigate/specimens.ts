import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile, digestJson, sha256 } from '../../core/hash.ts';
import type { Format } from '../../formats/known.ts';
import { digestModel } from '../../formats/model-files.ts';
import type { Specimen } from '../../investigate/lab.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ModelEdit } from '../../records/edit.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RunContext } from '../context.ts';
import { type ObservedSide, UNRENAMED } from '../conversion/side.ts';
import type { KeyedModel } from '../model-key.ts';

/** Formats whose files are edited here; their copies are called so. */
const EDITED: Readonly<Record<string, string>> = { onnx: 'edited.onnx' };

/** What an edit of a model depends on: this version, raised when the code that edits changes what it writes. */
const VERSION = 1;

export const canEditFormat = (format: string): boolean => EDITED[format] !== undefined;

/** Specimens and how they are run. A specimen is only ever made here, so that what is behind it is always known. */
export class Specimens {
  readonly #sides = new Map<Specimen, ObservedSide>();
  readonly #ctx: RunContext;
  readonly #conversion: Conversion;

  constructor(ctx: RunContext, conversion: Conversion) {
    this.#ctx = ctx;
    this.#conversion = conversion;
  }

  add(side: ObservedSide, history: readonly string[] = []): Specimen {
    const { role, model } = side;
    const specimen: Specimen = {
      role,
      format: model.ref.format,
      path: model.ref.path,
      history,
      key: [model.key, side.options ?? null],
    };
    this.#sides.set(specimen, side);
    return specimen;
  }

  sideOf(specimen: Specimen): ObservedSide {
    const side = this.#sides.get(specimen);
    if (side === undefined) throw new Error(`a specimen that no lab made: ${specimen.path}`);
    return side;
  }

  /** A copy of a specimen, written once for this key; its inputs are those of the side, or those that a part needs. */
  async written(
    specimen: Specimen,
    key: unknown,
    label: string,
    write: (from: string, to: string) => Promise<void>,
    inputs?: ObservedSide['inputs'],
  ): Promise<Specimen> {
    const side = this.sideOf(specimen);
    const { model } = side;
    const name = EDITED[model.ref.format];
    if (name === undefined) throw new Error(`models of format ${model.ref.format} are not edited`);
    const made = await this.#ctx.steps.run<{ readonly digest: string }>({
      kind: 'edit',
      version: VERSION,
      inputs: { model: model.key, key },
      conversion: this.#conversion.id,
      label,
      run: async (dir) => {
        mkdirSync(dir, { recursive: true });
        const to = join(dir, name);
        await write(model.ref.path, to);
        return { value: { digest: digestModel(to, model.ref.format as Format) } };
      },
    });
    const copy: KeyedModel = {
      ref: { ...model.ref, path: join(made.dir, name) },
      digest: made.value.digest,
      key: [model.ref.format, made.value.digest],
    };
    const { role, options, layouts, outputLayouts, rename, renameKey } = side;
    const own = { role, model: copy, ...(options === undefined ? {} : { options }) };
    const next: ObservedSide =
      inputs === undefined
        ? {
            ...own,
            inputs: side.inputs,
            rename,
            renameKey,
            ...(layouts === undefined ? {} : { layouts }),
            ...(outputLayouts === undefined ? {} : { outputLayouts }),
          }
        : { ...own, inputs, ...UNRENAMED };
    return this.add(next, [...specimen.history, label]);
  }
}

/** Edits as a key: tensors by their digest, files by theirs. */
export const editsKey = (edits: readonly ModelEdit[]): unknown =>
  edits.map((edit) => (edit.edit === 'transplant' ? { ...edit, from: digestFile(edit.from) } : plain(edit)));

function plain(value: unknown): unknown {
  if (isTensor(value)) return [value.dtype, value.shape, sha256(value.data), ...(value.strings ?? [])];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  return value;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value && value.data instanceof Uint8Array;

/** The digest of tensors by name, as a sample's. */
export const tensorsKey = (tensors: ReadonlyMap<string, Tensor>): string =>
  digestJson([...tensors].map(([name, tensor]) => [name, plain(tensor)]));
