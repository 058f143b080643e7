import type { TaskGate } from '../../records/rules.ts';
import { accuracyGate } from './accuracy.ts';
import { argmaxGate } from './argmax.ts';
import type { Gate } from './gate.ts';
import { iouGate } from './iou.ts';
import { topKGate } from './top-k.ts';

type Gates = { readonly [N in TaskGate['name']]: Gate<Extract<TaskGate, { name: N }>> };

/** One line a gate. */
const GATES: Gates = { argmax: argmaxGate, topK: topKGate, accuracy: accuracyGate, iou: iouGate };

/** The gate that a rule names; it takes that rule. */
export const gateOf = ({ name }: TaskGate): Gate<TaskGate> => GATES[name] as Gate<TaskGate>;
