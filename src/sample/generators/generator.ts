import type { Random } from '../../core/random.ts';
import type { Choices, Reals } from '../domain.ts';

/** What a generator fills. */
export interface Target {
  readonly shape: readonly number[];
  /** A stream that belongs to this input of this sample alone. */
  readonly random: Random;
}

/** Which positions of a mask count. */
export type MaskPattern = 'ragged' | 'full' | 'single' | 'empty-row';

/**
 * One way of choosing inputs. A filling function returns false when the legal values leave no room for what the generator
 * is about (negative numbers in [0, 16]): the input is then filled at random, and a sample in which that holds for every
 * input is not made. Generators never write an illegal value.
 */
export interface Generator {
  readonly name: string;
  /** Fills with numbers between `low` and `high`. */
  readonly reals?: (out: Float64Array, domain: Reals, target: Target) => boolean;
  /** Fills with indices into the legal values. */
  readonly choices?: (out: Float64Array, domain: Choices, target: Target) => boolean;
  /** What masks look like beside it; ragged unless said otherwise. */
  readonly mask?: MaskPattern;
}
