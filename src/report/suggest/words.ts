import type { OutputComparison } from '../../records/comparison.ts';
import type { Finding } from '../../records/finding.ts';
import { fromNum } from '../../records/numbers.ts';
import { formatNumber, formatPercent } from '../numbers.ts';

/** From here on an error is graded `broken` (design 6.5). */
const BROKEN_FROM = 0.05;

export const refusalWords = {
  finding: ({ message, code }: Finding): string => `no tolerance mends this: ${message} [${code}]`,
  notFinite: (nan: number, infinite: number): string =>
    `no tolerance should: ${[...(nan > 0 ? [`NaN differs at ${nan}`] : []), ...(infinite > 0 ? [`infinity at ${infinite}`] : [])].join(', ')} place${nan + infinite === 1 ? '' : 's'}`,
  nothing: 'nothing was measured here, so nothing can be accepted',
  labels: (dtype: string): string =>
    `${dtype} values are compared exactly: a bound on them would accept other labels. If they are picked from scores, name these with \`ties:\`, or judge the scores with \`argmax\` or \`topK\``,
};

/** `accepts errors up to 0.3 % of scale: 12 times what rounding explains`. `ofScale` null: rounding and no more. */
export function acceptsWords(o: OutputComparison, ofScale: number | null): string {
  if (ofScale === null) return o.grade === 'identical' ? 'bit-identical' : 'within rounding: no tolerance is needed';
  const share = Number.isFinite(ofScale)
    ? `errors up to ${formatPercent(ofScale)} of scale`
    : 'errors where the output is all zeros';
  const times = timesRounding(o, ofScale);
  return `accepts ${share}${times === null ? '' : `: ${times}`}`;
}

/** How much more than rounding: the measured ratio, grown as the accepted error is grown over the measured one. */
function timesRounding({ rounding, metrics }: OutputComparison, ofScale: number): string | null {
  const measured = rounding?.ratio ?? rounding?.function?.ratio ?? null;
  const share = metrics.scaled === null ? Number.NaN : fromNum(metrics.scaled);
  const grown = measured === null ? Number.NaN : fromNum(measured) * (ofScale / share);
  if (!Number.isFinite(grown) || grown <= 0) return null;
  return grown <= 1 ? 'no more than rounding explains' : `${formatNumber(grown, 2)} times what rounding explains`;
}

/** What whoever pastes the line should know first. */
export function warningsFor(o: OutputComparison, ofScale: number): string[] {
  const { rounding: r } = o;
  const beyond = (q: { ratio: number | string; limit: number | string } | null | undefined): boolean =>
    q != null && !(fromNum(q.ratio) <= fromNum(q.limit));
  return [
    ...(ofScale > BROKEN_FROM || o.grade === 'broken'
      ? [
          `this accepts more than 5 % of the scale${ofScale > BROKEN_FROM ? '' : ' of some sample'}, which is graded broken: find the cause first, or judge the task (\`argmax\`, \`topK\`, \`accuracy\`, \`iou\`) instead of the numbers`,
        ]
      : []),
    ...(beyond(r?.function)
      ? ['float64 shows another function, not rounding: the tolerance would accept a fault of the conversion']
      : []),
    ...(beyond(r?.computation)
      ? ['the candidate computes worse than rounding explains: the tolerance would accept it']
      : []),
    ...(o.gate !== undefined
      ? [
          `judged by its task today (${o.gate.asked}; reached ${formatPercent(o.gate.value)}): a tolerance would replace that`,
        ]
      : []),
  ];
}
