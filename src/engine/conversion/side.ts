import type { IoContract } from '../../records/contract.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { ObserveRequest } from '../steps/observe.ts';

/** One side of a conversion as it was observed: all that is needed to observe it again under another condition. */
export type ObservedSide = Pick<
  ObserveRequest,
  'role' | 'model' | 'rename' | 'renameKey' | 'layouts' | 'outputLayouts' | 'steps' | 'stepsKey' | 'options'
> & {
  readonly inputs: readonly InputPlan[];
};

/** The reference is fed under the names of the plan. */
export const UNRENAMED: Pick<ObservedSide, 'rename' | 'renameKey'> = {
  rename: (_: IoContract) => ({}),
  renameKey: null,
};
