import { OnparError } from '../core/errors.ts';
import type { Conversion } from './conversion.ts';

/** Behind the conversions of a pipeline's stages, one for each way through all of them. */
export function withEnds(all: readonly Conversion[]): Conversion[] {
  const pipelines = [...new Set(all.flatMap(({ case: c }) => c.stage?.pipeline ?? []))];
  const ends = new Map(pipelines.map((id) => [id, endsOf(id, all)]));
  return all.flatMap((conversion, i) => {
    const pipeline = conversion.case.stage?.pipeline;
    const isLast = pipeline !== undefined && all[i + 1]?.case.stage?.pipeline !== pipeline;
    return isLast ? [conversion, ...(ends.get(pipeline) ?? [])] : [conversion];
  });
}

/** The first conversion of every stage makes the first chain, the second the second; a stage that has one is in all of them. */
function endsOf(pipeline: string, all: readonly Conversion[]): Conversion[] {
  const own = all.filter(({ case: c }) => c.stage?.pipeline === pipeline);
  const stages = [...new Set(own.map(({ case: c }) => c.id))].map((id) => own.filter(({ case: c }) => c.id === id));
  const count = Math.max(...stages.map((s) => s.length));
  const odd = stages.find((s) => s.length !== 1 && s.length !== count);
  if (odd !== undefined) {
    throw new OnparError({
      code: 'bad-pipeline',
      message: `pipeline \`${pipeline}\`: stage \`${odd[0]?.case.stage?.name}\` has ${odd.length} conversions, another ${count}`,
      fix: 'give every stage one conversion, or all of them the same number: the first of each make the first chain, and so on',
    });
  }
  return Array.from({ length: count }, (_, k): Conversion => {
    const chain = stages.map((s) => (s.length === 1 ? s[0] : s[k]) as Conversion);
    const last = chain.at(-1) as Conversion;
    return {
      ...last,
      id: `${pipeline}/end${count === 1 ? '' : `-${k + 1}`}`,
      optional: chain.some((c) => c.optional),
      tags: [...new Set(chain.flatMap((c) => c.tags))],
      stages: chain,
    };
  });
}
