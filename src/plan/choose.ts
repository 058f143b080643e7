import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import type { Catalogue, ExporterInfo, RuntimeInfo } from '../records/catalogue.ts';

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** The runtime that a user named, checked against the format it must run. Throws with what would fit. */
export function chooseRuntime(catalogue: Catalogue, format: string, name: string | null, where: string): RuntimeInfo {
  const fitting = catalogue.runtimes.filter((r) => r.formats.includes(format));
  if (name === null) {
    const found = fitting.find((r) => r.isReference) ?? fitting[0];
    if (found !== undefined) return found;
    throw new OnparError({
      code: 'no-runtime',
      message: `${where}: no runtime executes the format \`${format}\``,
      fix: `formats that can be run: ${unique(catalogue.runtimes.flatMap((r) => r.formats)).join(', ')}`,
    });
  }
  const found = catalogue.runtimes.find((r) => r.name === name);
  if (found === undefined) {
    throw new OnparError({ code: 'unknown-runtime', message: `${where}: unknown runtime \`${name}\``, fix: allowedValues(name, fitting.map((r) => r.name)) });
  }
  if (!found.formats.includes(format)) {
    throw new OnparError({
      code: 'runtime-format',
      message: `${where}: runtime \`${name}\` does not execute \`${format}\` (it executes ${found.formats.join(', ')})`,
      fix: `runtimes for ${format}: ${fitting.map((r) => r.name).join(', ') || 'none'}`,
    });
  }
  return found;
}

/** The exporter from one format to another. Throws with what would fit. */
export function chooseExporter(catalogue: Catalogue, from: string, to: string, name: string | null, where: string): ExporterInfo {
  const formats = unique([...catalogue.exporters.map((e) => e.to), ...catalogue.runtimes.flatMap((r) => r.formats)]);
  if (!formats.includes(to)) {
    throw new OnparError({ code: 'unknown-format', message: `${where}: unknown format \`${to}\` to convert to`, fix: allowedValues(to, [...formats, 'same']) });
  }
  const fromHere = catalogue.exporters.filter((e) => e.from.includes(from));
  const fitting = fromHere.filter((e) => e.to === to);
  if (name !== null) {
    const found = catalogue.exporters.find((e) => e.name === name);
    if (found === undefined) {
      throw new OnparError({ code: 'unknown-exporter', message: `${where}: unknown exporter \`${name}\``, fix: allowedValues(name, fromHere.map((e) => e.name)) });
    }
    if (!found.from.includes(from) || found.to !== to) {
      throw new OnparError({
        code: 'exporter-format',
        message: `${where}: exporter \`${name}\` turns ${found.from.join(' or ')} into ${found.to}, not ${from} into ${to}`,
        fix: fitting.length > 0 ? `exporters that fit: ${fitting.map((e) => e.name).join(', ')}` : `from ${from} there are exporters to ${unique(fromHere.map((e) => e.to)).join(', ') || 'nothing'}`,
      });
    }
    return found;
  }
  const found = fitting.find((e) => e.isDefault) ?? fitting[0];
  if (found === undefined) {
    throw new OnparError({
      code: 'no-exporter',
      message: `${where}: no exporter turns \`${from}\` into \`${to}\``,
      fix: `from ${from} there are exporters to ${unique(fromHere.map((e) => e.to)).join(', ') || 'nothing'}; any command line can be one: exporter: { command: [...] }`,
    });
  }
  return found;
}

/** Refuses options that an exporter or runtime does not have, before anything is started. */
export function checkOptions(options: Readonly<Record<string, unknown>>, info: ExporterInfo | RuntimeInfo, where: string): void {
  const allowed = Object.keys(info.options);
  for (const [key, value] of Object.entries(options)) {
    const spec = info.options[key];
    if (spec === undefined) {
      throw new OnparError({ code: 'option-unknown', message: `${where}: \`${info.name}\` has no option \`${key}\``, fix: allowed.length === 0 ? 'it has no options' : allowedValues(key, allowed) });
    }
    if (spec.enum !== undefined && !spec.enum.includes(value)) {
      throw new OnparError({ code: 'option-value', message: `${where}: option \`${key}\` of \`${info.name}\` is ${JSON.stringify(value)}`, fix: allowedValues(String(value), spec.enum.map(String)) });
    }
  }
}
