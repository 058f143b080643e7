import type { ModelEdit } from '../../records/edit.ts';
import { cast } from '../../tensor/build.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { How, Lab, Ran, Specimen } from '../lab.ts';
import { failureOf } from './failure.ts';
import type { Piece } from './piece.ts';

/** What tells what a piece should answer when its inputs or weights are others. */
export interface Truth {
  readonly from: 'reference-model' | 'unchanged' | 'mended' | 'float64' | 'unoptimised';
  /** It has weights of its own, so that it says nothing of a model with others. */
  readonly holdsNumbers?: boolean;
  expected(piece: Pick<Piece, 'specimen' | 'reference' | 'handedOn' | 'feeds'>): Promise<NamedTensors | null>;
}

/** What a truth may part from recorded values, as a share of the failure's error. */
const NEAR = 0.1;

/**
 * A judge for this piece: one that agrees, on the recorded inputs, with what the reference had there, far closer than the
 * failure lies apart. The reference's own part before the model under gentler conditions. Null: there is none.
 */
export async function truthFor(
  lab: Lab,
  piece: Piece,
  dtypes: ReadonlyMap<string, Dtype>,
  mends: readonly (readonly ModelEdit[])[],
): Promise<Truth | null> {
  for (const truth of [
    ofReference(lab, dtypes),
    HANDED_ON,
    ...mends.map((mend) => ofMended(lab, mend)),
    ofModel(lab, 'float64'),
    ofModel(lab, 'unoptimised'),
  ]) {
    const expected = await truth.expected(piece);
    if (expected === null) continue;
    const apart = failureOf(asRan(expected), piece.expected);
    const allowed = piece.failure?.kind === 'value' ? NEAR * piece.failure.error : NEAR;
    if ((apart?.error ?? 0) <= allowed) return truth;
  }
  return null;
}

const asRan = (outputs: NamedTensors): Ran => ({
  ok: true,
  outputs,
  taps: new Map(),
  untapped: [],
  apart: [],
  milliseconds: 0,
});

function ofReference(lab: Lab, dtypes: ReadonlyMap<string, Dtype>): Truth {
  return {
    from: 'reference-model',
    async expected({ reference, feeds }) {
      if (reference === null) return null;
      const sample = new Map(
        [...feeds].map(([name, value]): [string, Tensor] => {
          const own = reference.inputs.get(name) ?? name;
          const dtype = dtypes.get(own) ?? value.dtype;
          return [own, dtype === 'string' || value.dtype === 'string' ? value : cast(value, dtype)];
        }),
      );
      const ran = await lab.run(reference.specimen, { sample, label: "the reference's part" });
      if (!ran.ok) return null;
      return new Map(
        [...reference.outputs].flatMap(([name, own]): [string, Tensor][] => {
          const value = ran.outputs.get(own);
          return value === undefined ? [] : [[name, value]];
        }),
      );
    },
  };
}

/** What is one tensor in the reference is an input and an output of the piece. */
const HANDED_ON: Truth = {
  from: 'unchanged',
  async expected({ handedOn, feeds }) {
    if (handedOn === null) return null;
    return new Map(
      [...handedOn].flatMap(([output, input]): [string, Tensor][] => {
        const value = feeds.get(input);
        return value === undefined ? [] : [[output, value]];
      }),
    );
  },
};

/** Edits that bring no tensors of the reference along. */
const WITHOUT_NUMBERS: readonly ModelEdit['edit'][] = ['attribute', 'operator', 'bypass'];

/** The model itself with the cause taken back that an experiment proved: what the reference computes, in its format. */
function ofMended(lab: Lab, mend: readonly ModelEdit[]): Truth {
  return {
    from: 'mended',
    holdsNumbers: mend.some(({ edit }) => !WITHOUT_NUMBERS.includes(edit)),
    async expected({ specimen, feeds }) {
      try {
        const mended = await lab.edit(specimen, mend, 'mended');
        const ran = await lab.run(mended, { sample: feeds, label: 'the mended part' });
        return ran.ok ? new Map(ran.outputs) : null;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'edit-impossible') throw error;
        return null;
      }
    },
  };
}

function ofModel(lab: Lab, from: 'float64' | 'unoptimised'): Truth {
  const how: Partial<How> = from === 'float64' ? { precision: 'float64' } : { unoptimised: true };
  return {
    from,
    async expected({ specimen, feeds }) {
      if (from === 'float64' && !lab.hasFloat64(specimen)) return null;
      const ran = await lab.run(specimen, { ...how, sample: feeds, label: `the model ${from}` });
      return ran.ok ? new Map(ran.outputs) : null;
    },
  };
}

/** A piece tried with other inputs or as another model: run, and held against what the truth says of it. */
export async function again(
  lab: Lab,
  piece: Piece,
  change: { readonly feeds?: NamedTensors; readonly specimen?: Specimen; readonly reference?: Specimen },
  truth: Truth | null,
): Promise<Piece | null> {
  const feeds = change.feeds ?? piece.feeds;
  const specimen = change.specimen ?? piece.specimen;
  const reference =
    piece.reference === null || change.reference === undefined
      ? piece.reference
      : { ...piece.reference, specimen: change.reference };
  const expected =
    truth === null ? new Map() : await truth.expected({ specimen, reference, handedOn: piece.handedOn, feeds });
  if (expected === null) return null;
  const ran = await lab.run(specimen, { sample: feeds, label: 'smaller' });
  return { ...piece, specimen, reference, feeds, expected, ran, failure: failureOf(ran, expected) };
}
