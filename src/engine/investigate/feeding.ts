import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedTensors } from '../../investigate/lab.ts';
import type { Sample } from '../../records/sample.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import type { RunContext } from '../context.ts';
import type { ObservedSide } from '../conversion/side.ts';
import type { Trace } from '../conversion/trace.ts';
import { tensorsKey } from './specimens.ts';

/** What a model is fed: how its inputs are declared, and the sample. */
interface Fed {
  readonly inputs: ObservedSide['inputs'];
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
}

/** The samples of experiments: those of the case, and tensors that are written for one run. */
export class Feeding {
  readonly #ctx: RunContext;
  readonly #trace: Trace;

  constructor(ctx: RunContext, trace: Trace) {
    this.#ctx = ctx;
    this.#trace = trace;
  }

  /** One of the case's samples by its id, or tensors by input name. */
  feed(side: ObservedSide, sample: string | NamedTensors): Fed {
    if (typeof sample === 'string') {
      const { samples, sampleDir } = this.#trace;
      const found = samples.find(({ id }) => id === sample);
      if (found === undefined || sampleDir === null) throw new Error(`there is no sample ${sample}`);
      return { inputs: side.inputs, samples: [found], sampleDir };
    }
    const sampleDir = join(this.#ctx.pool.scratch('fed'), randomUUID());
    mkdirSync(sampleDir, { recursive: true });
    const file = 'inputs.safetensors';
    const tensors = new Map(sample);
    writeSafetensors(join(sampleDir, file), tensors);
    const inputs = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
    const digest = tensorsKey(tensors);
    const made: Sample = { id: 'given', generator: 'investigation', seed: 0, inputs, digest, file };
    return { inputs: side.inputs.length > 0 ? side.inputs : inputs, samples: [made], sampleDir };
  }
}
