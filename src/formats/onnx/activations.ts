import type { NodeProto } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import { attribute, type GraphView, numbersOf, viewGraph } from './roles/graph.ts';

/** A tensor that an activation function gives. */
export interface Activation {
  readonly tensor: string;
  /** The node's name, else its result. */
  readonly node: string;
  readonly operator: string;
  /** True where the graph gives it out anyway. */
  readonly isOutput: boolean;
  /** Whether a value above zero is what "active" means. */
  readonly rectifies: boolean;
  /** Values at or below, at or above which the function is flat; null: it is not on that side. */
  readonly flatBelow: number | null;
  readonly flatAbove: number | null;
  /** Where channels are counted along, from the end where negative. */
  readonly channelAxis: number;
}

/** As near to a bound of tanh or sigmoid as float32 still resolves well: gradients there are below 1e-6. */
const NEAR = 1e-6;

/** Zero for what is not wanted: the functions that let positive values through. */
const RECTIFIERS = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Elu', 'Selu', 'HardSwish', 'Gelu']);
const FLAT: Readonly<Record<string, readonly [number | null, number]>> = {
  Sigmoid: [NEAR, 1 - NEAR],
  // Zeros are what masks and many classes make of it; flat is where one takes all.
  Softmax: [null, 1 - NEAR],
  HardSigmoid: [0, 1],
  Tanh: [NEAR - 1, 1 - NEAR],
};

/** The activations of a model's main graph, in graph order. Errors as `parseOnnx`. */
export function activationsOf(path: string): Activation[] {
  const model = parseOnnx(path);
  const view = viewGraph(model);
  const outputs = new Set(model.graph?.output.map(({ name }) => name));
  return (model.graph?.node ?? []).flatMap((node) => {
    const [tensor] = node.output;
    const kind = kindOf(node, view);
    if (kind === undefined || tensor === undefined || tensor === '') return [];
    return [
      {
        tensor,
        node: node.name || tensor,
        operator: node.opType,
        isOutput: outputs.has(tensor),
        ...kind,
        channelAxis: channelAxisOf(node, view),
      },
    ];
  });
}

type Kind = Pick<Activation, 'rectifies' | 'flatBelow' | 'flatAbove'>;

function kindOf(node: NodeProto, view: GraphView): Kind | undefined {
  if (RECTIFIERS.has(node.opType)) return { rectifies: true, flatBelow: null, flatAbove: null };
  const flat = FLAT[node.opType];
  if (flat !== undefined) return { rectifies: false, flatBelow: flat[0], flatAbove: flat[1] };
  if (node.opType !== 'Clip') return undefined;
  const [low, high] = [boundOf(node, 1, 'min', view), boundOf(node, 2, 'max', view)];
  // ReLU6 and its kin: zero is their off state, not a bound that values run into.
  return low === 0
    ? { rectifies: true, flatBelow: null, flatAbove: high }
    : { rectifies: false, flatBelow: low, flatAbove: high };
}

/** An input since opset 11, an attribute before. */
function boundOf(node: NodeProto, index: number, name: string, view: GraphView): number | null {
  const input = node.input[index];
  const bound = input === undefined || input === '' ? attribute(node, name)?.f : numbersOf(view.constantOf(input))?.[0];
  // ±3.4e38 is how old files write "no bound".
  return bound === undefined || Math.abs(bound) > 3e38 ? null : bound;
}

/** Operators whose channels are on axis 1, whatever the rank (ONNX operators, "N x C x D1 x …"). */
const CHANNEL_FIRST = /^(Conv|ConvTranspose|BatchNormalization|InstanceNormalization|.*Pool|ConvInteger)$/;
/** Element-wise steps that stand between such an operator and its activation. */
const MAX_STEPS = 4;

/** Axis 1 behind convolutions and their kin, else the last: where linear layers have their units. */
function channelAxisOf({ input }: NodeProto, view: GraphView, left = MAX_STEPS): number {
  const producer = view.producerOf(input[0] ?? '');
  if (producer === undefined || left === 0) return -1;
  return CHANNEL_FIRST.test(producer.opType) ? 1 : channelAxisOf(producer, view, left - 1);
}
