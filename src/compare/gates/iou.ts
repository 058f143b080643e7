import type { TaskGate } from '../../records/rules.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { unravel } from '../values/operands.ts';
import { sameShape } from '../values/shapes.ts';
import { percent } from '../values/text.ts';
import { type Box, boxAt, type Edge, iouOf, matchEdges } from './boxes.ts';
import { type Gate, type GateInput, type GateSide, Unjudgeable } from './gate.ts';
import { realOf } from './scores.ts';

type Rule = Extract<TaskGate, { name: 'iou' }>;

/**
 * Boxes as sets. A box has a partner on the other side if both overlap by `iou`, are of one class and their scores differ
 * by at most `scoreWithin`. The share is 2·pairs / (boxes of both sides), the Dice coefficient of the two sets: boxes that
 * only one side has count against it, whichever side that is. Order and count are free.
 * A box below `minScore` needs no partner but may be one: of two scores beside the cut, one above and one below it.
 */
export const iouGate: Gate<Rule> = {
  asked: ({ iou, share, minScore }) =>
    `${share === 1 ? 'every box' : `at least ${percent(share)} of the boxes`}${minScore === null ? '' : ` scored ${minScore} or more`} matched by IoU ≥ ${iou}`,
  nothing: ({ minScore }) =>
    minScore === null
      ? 'neither side has a box in any sample'
      : `neither side has a box scored ${minScore} or more in any sample`,
  tally(rule, input) {
    const reference = detections(rule, input, 'reference');
    if (reference instanceof Unjudgeable) return reference;
    const candidate = detections(rule, input, 'candidate');
    if (candidate instanceof Unjudgeable) return candidate;
    if (!sameShape(reference.images, candidate.images)) return null;
    let [got, of] = [0, 0];
    let worst: { image: number; alone: number; what: string } | null = null;
    for (let image = 0; image < elementCount(reference.images); image++) {
      const result = matchImage(rule, reference.boxes(image), candidate.boxes(image));
      got += result.got;
      of += result.of;
      const alone = result.of - result.got;
      if (alone > 0 && (worst === null || alone > worst.alone)) worst = { image, alone, what: result.what };
    }
    return {
      got,
      of,
      counted: of,
      worst: worst === null ? null : { row: unravel(worst.image, reference.images), what: worst.what },
    };
  },
};

interface Detection {
  readonly box: Box;
  readonly score: number | null;
  readonly kind: number | string | null;
}

interface Detections {
  /** Sizes of the axes before the boxes: one set an image. */
  readonly images: readonly number[];
  readonly boxes: (image: number) => Detection[];
}

function detections(rule: Rule, input: GateInput, side: 'reference' | 'candidate'): Detections | Unjudgeable {
  const own = input[side];
  const { shape, dtype } = own.tensor;
  if (dtype === 'string' || shape.length < 2 || shape.at(-1) !== 4)
    return new Unjudgeable(
      `its shape on the side of the ${side} is [${shape.join(', ')}]; boxes are [boxes, 4] or [images, boxes, 4]`,
    );
  const images = shape.slice(0, -2);
  const count = shape.at(-2) as number;
  const all = elementCount(images) * count;
  const scores = besideOf(rule.scores, input, side, all, 'scores');
  if (scores instanceof Unjudgeable) return scores;
  const kinds = besideOf(rule.classes, input, side, all, 'classes');
  if (kinds instanceof Unjudgeable) return kinds;
  if (scores !== null && scores.tensor.dtype === 'string')
    return new Unjudgeable(`\`${rule.scores}\` holds texts, no scores`);
  const values = realOf(own);
  const scoreValues = scores === null ? null : realOf(scores);
  const kindValues = kinds === null ? null : (kinds.tensor.strings ?? realOf(kinds));
  return {
    images,
    boxes: (image) =>
      Array.from({ length: count }, (_, i) => {
        const at = image * count + i;
        return {
          box: boxAt(values, at, rule.format),
          score: scoreValues?.[at] ?? null,
          kind: kindValues?.[at] ?? null,
        };
      }),
  };
}

/** The tensor of scores or classes that stands beside the boxes: one value a box. */
function besideOf(
  name: string | null,
  { beside }: GateInput,
  side: 'reference' | 'candidate',
  boxes: number,
  key: string,
): GateSide | null | Unjudgeable {
  if (name === null) return null;
  const found = beside(name)?.[side];
  if (found === undefined) return new Unjudgeable(`\`${key}: ${name}\` is no output of both sides`);
  const count = elementCount(found.tensor.shape);
  return count === boxes
    ? found
    : new Unjudgeable(
        `\`${key}: ${name}\` holds ${count} values on the side of the ${side}, one for each of ${boxes} boxes is needed`,
      );
}

interface ImageResult {
  readonly got: number;
  readonly of: number;
  readonly what: string;
}

function matchImage(rule: Rule, reference: readonly Detection[], candidate: readonly Detection[]): ImageResult {
  const counts = ({ score }: Detection): boolean => rule.minScore === null || (score ?? 0) >= rule.minScore;
  const edges: Edge[] = [];
  reference.forEach((r, i) => {
    candidate.forEach((c, j) => {
      if (!counts(r) && !counts(c)) return;
      if (r.kind !== c.kind || !scoresAgree(r, c, rule.scoreWithin)) return;
      const iou = iouOf(r.box, c.box);
      // Boxes that both count are each other's first choice.
      if (iou >= rule.iou) edges.push({ reference: i, candidate: j, weight: iou + Number(counts(r) && counts(c)) });
    });
  });
  const candidateOf = matchEdges(edges, reference.length, candidate.length);
  const matched = new Set(candidateOf);
  const referenceAlone = reference.flatMap((r, i) => (counts(r) && candidateOf[i] === -1 ? [r] : []));
  const candidateAlone = candidate.flatMap((c, j) => (counts(c) && !matched.has(j) ? [c] : []));
  const of = reference.filter(counts).length + candidate.filter(counts).length;
  return {
    got: of - referenceAlone.length - candidateAlone.length,
    of,
    what: aloneWords(referenceAlone, candidateAlone),
  };
}

/** Null on both sides where no scores are named. */
const scoresAgree = (a: Detection, b: Detection, within: number): boolean =>
  a.score === null || b.score === null || a.score === b.score || Math.abs(a.score - b.score) <= within;

function aloneWords(reference: readonly Detection[], candidate: readonly Detection[]): string {
  const side = (name: string, alone: readonly Detection[]): string[] => {
    const [first] = alone;
    if (first === undefined) return [];
    const { x1, y1, x2, y2 } = first.box;
    const corners = [x1, y1, x2, y2].map((v) => Number(v.toPrecision(5))).join(', ');
    return [`${alone.length} of the ${name}'s boxes without a partner, first (${corners})`];
  };
  return [...side('reference', reference), ...side('candidate', candidate)].join('; ');
}
