import type { ReportCase } from '../records/report.ts';
import { symbol } from './words.ts';

/** `torch-onnx ≡ → onnx-simplify ✗ → openvino ✗`, up to the conversion's own link; null where it is no chain. */
export function chainText({ chain }: Pick<ReportCase, 'chain'>): string | null {
  if (chain === undefined) return null;
  const links = chain.links.slice(0, chain.link);
  const shown = links.map(
    ({ exporter, verdict, grade }) => `${exporter} ${verdict === null ? '·' : symbol(verdict, grade)}`,
  );
  return `${shown.join(' → ')}${links.length < chain.links.length ? ' → …' : ''}`;
}
