import { OnparError } from '../core/errors.ts';
import type { ChainSetting } from './exporter-schema.ts';
import type { ChainLink, CommandExporter } from './suite.ts';
import { parseTolerances } from './tolerance-text.ts';

export const resolveChain = (chain: ChainSetting): ChainLink[] =>
  chain.map((link) =>
    typeof link === 'string'
      ? { exporter: link, to: null, options: {}, tolerances: null }
      : {
          exporter: typeof link.exporter === 'string' ? link.exporter : commandOf(link.exporter),
          to: link.to ?? null,
          options: link.options ?? {},
          tolerances: link.tolerance === undefined ? null : parseTolerances(link.tolerance),
        },
  );

const commandOf = ({
  command,
  toolchain,
  name,
}: {
  command: readonly string[];
  toolchain?: string | undefined;
  name?: string | undefined;
}): CommandExporter => ({
  command,
  ...(toolchain === undefined ? {} : { toolchain }),
  ...(name === undefined ? {} : { name }),
});

/** `--chain torch-onnx,openvino --option torch-onnx.opset=20`: an option belongs to the link that it names, by name or number. */
export function chainFromText(names: readonly string[], options: Readonly<Record<string, unknown>>): ChainLink[] {
  const given = Object.entries(options).map(([key, value]) => {
    const [link = '', ...rest] = key.split('.');
    const index = /^\d+$/.test(link) ? Number(link) - 1 : names.indexOf(link);
    if (rest.length === 0 || names[index] === undefined) {
      throw new OnparError({
        code: 'bad-option',
        message: `--option \`${key}\` beside --chain: which link it belongs to is not said`,
        fix: `write --option ${names[0]}.${rest.at(-1) ?? key}=… or the link’s number; links: ${names.join(', ')}`,
      });
    }
    return { index, name: rest.join('.'), value };
  });
  return names.map((exporter, i) => ({
    exporter,
    to: null,
    options: Object.fromEntries(given.filter(({ index }) => index === i).map(({ name, value }) => [name, value])),
    tolerances: null,
  }));
}
