import type { OpNode } from '../../records/graph.ts';
import { benchFor } from '../experiment.ts';
import type { Evidence, Hypothesis, Question } from '../scene.ts';
import { localFunction } from './local-function.ts';
import type { Alternative } from './operators/alternative.ts';
import { agreed, bestOf, type Tried } from './operators/choose.ts';
import { missingJoin } from './operators/rules/missing.ts';
import { RULES } from './operators/rules.ts';
import { onAnotherSample } from './operators/second-sample.ts';
import { type Site, siteOf } from './operators/site.ts';
import { tryAll, tryFit } from './operators/try-all.ts';
import { placeOf } from './operators/where.ts';

/** A region of more nodes is not one operator that means another thing. */
const MOST_NODES = 40;
/** Of the time that is left, the share that this one hypothesis may take. */
const SHARE_OF_TIME = 0.5;

/**
 * Whatever the reference is: the operators at the divergence, tried with everything else that they could mean. All rules
 * are asked together, so that two causes that explain the same sample are seen to do so, and none of them is told.
 */
export const operatorAlternatives: Hypothesis = {
  name: 'operator-alternatives',
  codes: [...new Set([...RULES.flatMap(({ codes }) => codes), ...localFunction.codes])],
  applies: ({ scene: { candidate, lab }, divergence }) =>
    divergence !== null &&
    candidate !== null &&
    lab.canEdit(candidate.specimen) &&
    divergence.region.candidate.length <= MOST_NODES,
  test: async (question) => {
    const { lab, tolerance } = question.scene;
    const sites = sitesOf(question);
    if (sites.length === 0) return undefined;
    const bench = await benchFor(question);
    if (bench === null || !(bench.before > tolerance)) return undefined;
    const enough = lab.secondsLeft() * (1 - SHARE_OF_TIME);
    const isOver = () => lab.secondsLeft() < enough;
    // What the values alone say is certain; edits that say the same make it a mend.
    const seen = await localFunction.test(question);
    const all = alternativesOf(sites).filter((a) => seen === undefined || a.code === seen.code);
    const tried = await tryAll(question, bench, all, isOver);
    let best = bestOf(tried, tolerance);
    if (best.length === 0) best = bestOf(await withJoins(question, sites, seen, isOver), tolerance);
    if (best.length === 0) {
      const fitted: Tried[] = [];
      for (const { site, rule } of asked(sites))
        for (const fit of rule.fits?.(site) ?? []) {
          if (isOver()) break;
          if (seen !== undefined && fit.at(fit.high).code !== seen.code) continue;
          const one = await tryFit(question, bench, fit);
          if (one !== undefined) fitted.push(one);
        }
      best = bestOf(fitted, tolerance);
    }
    if (!agreed(best)) best = await onAnotherSample(question, best);
    const [first] = best;
    return first !== undefined && agreed(best) ? evidenceOf(question, first) : seen;
  },
};

/** The candidate's nodes between the last agreeing tensors and the first that parts; where there are none, those that read them. */
function sitesOf(question: Question): Site[] {
  const { candidate } = question.scene;
  const { divergence } = question;
  if (candidate === null || divergence === null) return [];
  const { nodes } = candidate.graph;
  const region = new Set(divergence.region.candidate);
  if (divergence.candidate !== null) region.add(divergence.candidate.node);
  const chosen = nodes.filter((node) => region.has(node.id));
  return (chosen.length > 0 ? chosen : behind(question, nodes)).map((node) => siteOf(question, candidate, node));
}

/** Nodes that read what the reference's parting node reads, where the candidate has nothing in its place. */
function behind(question: Question, nodes: readonly OpNode[]): OpNode[] {
  const { alignment } = question.scene;
  const join = referenceNode(question);
  const read = new Set(
    (join?.inputs ?? []).flatMap((name) => alignment?.ofReference(name).map((m) => m.candidate) ?? []),
  );
  return nodes.filter((node) => node.inputs.some((name) => read.has(name)));
}

const referenceNode = ({ scene: { reference }, divergence }: Question): OpNode | undefined =>
  reference?.graph.nodes.find((node) => node.id === divergence?.reference.node);

const asked = (sites: readonly Site[]) =>
  sites.flatMap((site) => RULES.filter((rule) => rule.ops.includes(site.node.op)).map((rule) => ({ site, rule })));

const alternativesOf = (sites: readonly Site[]): Alternative[] =>
  asked(sites).flatMap(({ site, rule }) => [...rule.alternatives(site)]);

/** Joins of the reference that the candidate lacks: their other operand stands outside the piece, so the whole model is run. */
async function withJoins(
  question: Question,
  sites: readonly Site[],
  seen: Evidence | undefined,
  isOver: () => boolean,
): Promise<Tried[]> {
  const { reference } = question.scene;
  const places = new Set([question.divergence?.reference.node, ...(question.divergence?.region.reference ?? [])]);
  const joins = reference?.graph.nodes.filter((node) => places.has(node.id)) ?? [];
  const all = joins
    .flatMap((join) => sites.flatMap((site) => [...missingJoin(site, join)]))
    .filter(({ code }) => seen === undefined || code === seen.code);
  if (all.length === 0) return [];
  const bench = await benchFor({ ...question, divergence: null });
  return bench === null ? [] : tryAll(question, bench, all, isOver);
}

const evidenceOf = (question: Question, { alternative, outcome }: Tried): Evidence => ({
  code: alternative.code,
  where: placeOf(question, alternative.node),
  args: alternative.args,
  experiment: alternative.experiment,
  ...outcome,
  ...(alternative.mends === false ? {} : { mend: alternative.edits }),
});
