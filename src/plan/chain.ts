import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import { KNOWN_FORMATS } from '../formats/known.ts';
import type { Catalogue, RuntimeInfo } from '../records/catalogue.ts';
import type { ChainLink, ConvertChoice } from '../suite/suite.ts';
import { chooseExporter } from './choose.ts';
import type { ChainPlace, Conversion } from './conversion.ts';

/** Plans one conversion of a chain as any other, from the format that the link before it wrote. */
type PlanLink = (convert: ConvertChoice, chain: ChainPlace, from: string, runtime: RuntimeInfo | null) => Conversion[];

interface ChainContext {
  readonly convert: ConvertChoice;
  /** What the whole is called: the last link bears it alone, those before it with their number and exporter. */
  readonly name: string;
  readonly links: readonly FormattedLink[];
  readonly catalogue: Catalogue;
  readonly planLink: PlanLink;
}

interface FormattedLink extends ChainLink {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** Who the links are and which formats lie between them. Throws where one does not fit behind the other. */
export function formatLinks(
  chain: readonly ChainLink[],
  source: string,
  catalogue: Catalogue,
  where: string,
): FormattedLink[] {
  if (chain.length === 1) {
    const [only] = chain;
    throw new OnparError({
      code: 'chain-short',
      message: `${where}: a chain of one link is an ordinary conversion`,
      fix: `write \`to: ${only?.to ?? '<format>'}, exporter: ${typeof only?.exporter === 'string' ? only.exporter : '{ command: […] }'}\`, or add the next link`,
    });
  }
  let from = source;
  return chain.map((link, i): FormattedLink => {
    const at = `${where}, link ${i + 1} of ${chain.length}`;
    const to = targetOf(link, from, catalogue, at, i === 0);
    const made = { ...link, from, to, label: labelOf(link) };
    from = to;
    return made;
  });
}

const labelOf = ({ exporter }: ChainLink): string =>
  typeof exporter === 'string' ? exporter : (exporter.name ?? 'command');

function targetOf(link: ChainLink, from: string, catalogue: Catalogue, at: string, first: boolean): string {
  const { exporter, to } = link;
  if (typeof exporter !== 'string') {
    const known = KNOWN_FORMATS.filter((format) => format !== 'tensors' && format !== 'served');
    if (to !== null && (known as readonly string[]).includes(to)) return to;
    throw new OnparError({
      code: 'chain-format',
      message: `${at}: ${to === null ? 'which format the command writes is not said' : `unknown format \`${to}\``}`,
      fix: to === null ? 'write `{ exporter: { command: […] }, to: onnx }`' : allowedValues(to, known),
    });
  }
  const found = catalogue.exporters.find((e) => e.name === exporter);
  if (found !== undefined && (to === null || to === found.to) && !found.from.includes(from)) {
    const fitting = catalogue.exporters.filter((e) => e.from.includes(from)).map((e) => e.name);
    throw new OnparError({
      code: 'chain-format',
      message: `${at}: \`${exporter}\` takes ${found.from.join(' or ')}, but ${first ? 'the source is' : 'the link before it writes'} ${from}`,
      fix: fitting.length === 0 ? `no exporter takes ${from}` : `exporters that take ${from}: ${fitting.join(', ')}`,
    });
  }
  // Unknown names and a `to` that is not the exporter's are told as they are for a single conversion.
  return chooseExporter(catalogue, from, to ?? found?.to ?? 'onnx', exporter, at).to;
}

/** Stands where no runtime executes what a link wrote: the next link takes it, nobody can look at it. */
export const NO_RUNTIME = 'none';
const NOBODY: RuntimeInfo = { name: NO_RUNTIME, formats: [], toolchain: 'none', options: {}, isReference: false };

/**
 * A chain of n links as n conversions, each from the source to what its link wrote. A link that no runtime executes is
 * none: it is passed through, and the conversions behind it say so.
 */
export function planChain({ convert, name, links, catalogue, planLink }: ChainContext): Conversion[] {
  const { chain: _, ...plain } = convert;
  const earlier: Conversion[] = [];
  const planned: Conversion[] = [];
  for (const [i, link] of links.entries()) {
    const isLast = i === links.length - 1;
    const place: ChainPlace = {
      name,
      link: i + 1,
      labels: links.map(({ label, from, to }) => ({ exporter: label, from, to })),
      earlier: [...earlier],
    };
    const single: ConvertChoice = {
      ...plain,
      to: link.to,
      exporter: link.exporter,
      options: link.options,
      tolerances: link.tolerances ?? plain.tolerances,
      name: isLast ? name : `${name}.${i + 1}-${link.label.replaceAll(/[^\w.+-]+/g, '-')}`,
      // What the suite says of the result holds for the result.
      runs: isLast ? plain.runs : [],
      mapInputs: isLast ? plain.mapInputs : {},
      mapOutputs: isLast ? plain.mapOutputs : {},
    };
    const runnable = isLast || catalogue.runtimes.some((r) => r.formats.includes(link.to));
    const made = planLink(single, place, link.from, runnable ? null : { ...NOBODY, formats: [link.to] });
    planned.push(...(runnable ? made : []));
    earlier.push(made[0] as Conversion);
  }
  return planned;
}
