import { sideOf } from '../../src/investigate/diagnose/graph/side.ts';
import { between } from '../../src/investigate/diagnose/graph/subtree.ts';
import type { Specimen } from '../../src/investigate/lab.ts';
import { distance } from '../../src/investigate/measure.ts';
import type { Alignment, Question, Scene, View } from '../../src/investigate/scene.ts';
import type { TensorMatch } from '../../src/records/investigation.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { elementCount } from '../../src/tensor/tensor.ts';
import { SAMPLE, type TestLab } from './lab.ts';

/** Float32 on both sides, optimiser off: the same computation agrees to the bit, another summation order to this. */
const TOLERANCE = 1e-5;

async function viewOf(lab: TestLab, specimen: Specimen): Promise<View> {
  const graph = await lab.graph(specimen);
  if (!graph.ok) throw new Error(graph.reason);
  const { nodes, outputs, tensors } = graph.value;
  const made = nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
  const wanted = made.filter((name) => tensors[name]?.tappable === true && !outputs.includes(name));
  const [ran, held] = [await lab.tap(specimen, wanted, { sample: SAMPLE }), await lab.constants(specimen)];
  if (!ran.ok || !held.ok) throw new Error(ran.ok ? 'no constants' : ran.message);
  const values = new Map<string, Tensor>([...lab.inputs(SAMPLE), ...held.value, ...ran.taps, ...ran.outputs]);
  return { specimen, graph: graph.value, values, untapped: new Map() };
}

/** Both sides with all their tensors, aligned by value, in graph order. */
export async function sceneOf(lab: TestLab): Promise<Scene> {
  const [reference, candidate] = [
    await viewOf(lab, lab.reference as Specimen),
    await viewOf(lab, lab.candidate as Specimen),
  ];
  const matches: TensorMatch[] = [];
  const theirs = [...candidate.graph.inputs, ...candidate.graph.nodes.flatMap((n) => n.outputs)].filter(
    (t) => t !== '',
  );
  for (const name of [...reference.graph.inputs, ...reference.graph.nodes.flatMap((n) => n.outputs)]) {
    const value = reference.values.get(name);
    if (value === undefined) continue;
    const equal = theirs.filter((other) => agree(value, candidate.values.get(other)));
    const counts = elementCount(value.shape) > 1 ? equal : equal.filter((other) => other === name);
    for (const other of counts.sort((a, b) => Number(b === name) - Number(a === name)))
      matches.push({ reference: name, candidate: other, by: 'value', confidence: 1 });
  }
  const alignment: Alignment = {
    matches,
    ofReference: (tensor) => matches.filter((m) => m.reference === tensor),
    ofCandidate: (tensor) => matches.filter((m) => m.candidate === tensor),
  };
  const how = { sample: SAMPLE };
  return { lab, sample: SAMPLE, precision: 'deployed', how, reference, candidate, alignment, tolerance: TOLERANCE };
}

function agree(a: Tensor, b: Tensor | undefined): boolean {
  if (b === undefined || a.shape.length !== b.shape.length || a.shape.some((d, i) => d !== b.shape[i])) return false;
  const apart = distance(a, b);
  return apart !== null && apart.unlike === 0 && apart.max <= TOLERANCE;
}

/**
 * The question behind the first tensor of the reference that the candidate has under the same name with other values,
 * while all that it is made from agrees. Null: there is none.
 */
export async function questionOf(lab: TestLab): Promise<Question | null> {
  const scene = await sceneOf(lab);
  const { reference, candidate, alignment } = scene;
  if (reference === null || candidate === null || alignment === null) return null;
  const sides = [sideOf(reference, []), sideOf(candidate, [])] as const;
  for (const node of reference.graph.nodes) {
    for (const tensor of node.outputs) {
      if (tensor === '' || alignment.ofReference(tensor).length > 0) continue;
      const made = sides[1].producer(tensor);
      if (made === undefined || sides[0].isFixed(tensor)) continue;
      const mine = between(sides[0], tensor, (t) => alignment.ofReference(t).length > 0);
      const other = between(sides[1], tensor, (t) => alignment.ofCandidate(t).length > 0);
      if (mine === null || other === null) continue;
      return {
        scene,
        divergence: {
          reference: { tensor, node: node.id, opType: node.op, module: [], source: null },
          candidate: { tensor, node: made.node.id, opType: made.node.op },
          region: { reference: mine.nodes.map((n) => n.id), candidate: other.nodes.map((n) => n.id) },
          local: null,
          accumulated: null,
          explained: null,
          sample: SAMPLE,
          precision: 'deployed',
        },
      };
    }
  }
  return null;
}
