import { basename, join } from 'node:path';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import { digestFile } from '../../core/hash.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ImageChoice, ImageSet } from '../../records/images.ts';
import type { InputPlan } from '../../records/rules.ts';
import { loadDecoder } from '../../sample/images/decoder.ts';
import { findPictures } from '../../sample/images/find.ts';
import { preparationOf, preparationText } from '../../sample/images/preparation.ts';
import { preparePictures } from '../../sample/images/prepare.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

interface DecodedSet {
  readonly set: Omit<ImageSet, 'path'>;
  readonly findings: readonly RawFinding[];
}

const FILE = 'pictures.safetensors';

/** Decodes and prepares pictures for one input, once: the same pictures prepared alike are stored as a tensor. */
export async function decodeImages(
  ctx: RunContext,
  conversion: Conversion,
  choice: ImageChoice,
  inputs: readonly InputPlan[],
): Promise<StepResult<DecodedSet>> {
  const dims = Object.fromEntries(Object.entries(conversion.case.dims).map(([name, sizes]) => [name, [...sizes]]));
  const preparation = preparationOf(choice, { inputs: [...inputs], dims });
  const found = findPictures(choice.path, choice.limit);
  const decoder = await loadDecoder(conversion.case.root);
  const label = basename(choice.path);
  return ctx.steps.run<DecodedSet>({
    kind: 'sample',
    version: 1,
    inputs: {
      pictures: found.names.map((name) => [name, digestFile(join(found.folder, name))]),
      of: found.of,
      label,
      preparation,
      decoder: decoder.version,
    },
    conversion: conversion.id,
    label: `decoding ${found.names.length} picture${found.names.length === 1 ? '' : 's'}`,
    run: async (dir) => {
      const tensor = await preparePictures(found, preparation, decoder);
      const path = join(dir, FILE);
      writeSafetensors(path, new Map([[preparation.input, tensor]]));
      return {
        value: {
          set: {
            label,
            input: preparation.input,
            digest: digestFile(path),
            shape: tensor.shape.slice(1),
            names: [...found.names],
          },
          findings: [
            makeFinding('images-prepared', `input ${preparation.input}`, {
              generator: 'image',
              folder: label,
              count: found.names.length,
              of: found.of,
              preparation: preparationText(preparation),
              decoder: decoder.version,
              pictures: [...found.names],
            }),
          ],
        },
      };
    },
  });
}

/** The decoded sets with the place where they lie in this store. */
export const imageSetOf = ({ value, dir }: StepResult<DecodedSet>): ImageSet => ({
  ...value.set,
  path: join(dir, FILE),
});
