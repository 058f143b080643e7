import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import type { Catalogue, ExporterInfo, RuntimeInfo } from '../records/catalogue.ts';

import { findRuntime, inVersion, splitVersion } from './versions.ts';

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
  const asked = splitVersion(name);
  const found = findRuntime(catalogue, fitting, asked);
  if (found === undefined) {
    throw new OnparError({
      code: 'unknown-runtime',
      message: `${where}: unknown runtime \`${asked.name}\``,
      fix: allowedValues(
        asked.name,
        fitting.map((r) => r.name),
      ),
    });
  }
  if (!found.formats.includes(format)) {
    throw new OnparError({
      code: 'runtime-format',
      message: `${where}: runtime \`${found.name}\` does not execute \`${format}\` (it executes ${found.formats.join(', ')})`,
      fix: `runtimes for ${format}: ${fitting.map((r) => r.name).join(', ') || 'none'}`,
    });
  }
  return inVersion(found, asked, where);
}

const reach = (from: string, fromHere: readonly ExporterInfo[]): string =>
  fromHere.length === 0
    ? `no exporter of onpar’s takes ${from}`
    : `from ${from} there are exporters to ${unique(fromHere.map((e) => e.to)).join(', ')}`;

/** The exporter from one format to another. Throws with what would fit. */
export function chooseExporter(
  catalogue: Catalogue,
  from: string,
  to: string,
  name: string | null,
  where: string,
): ExporterInfo {
  const formats = unique([...catalogue.exporters.map((e) => e.to), ...catalogue.runtimes.flatMap((r) => r.formats)]);
  if (!formats.includes(to)) {
    throw new OnparError({
      code: 'unknown-format',
      message: `${where}: unknown format \`${to}\` to convert to`,
      fix: allowedValues(to, [...formats, 'same']),
    });
  }
  const fromHere = catalogue.exporters.filter((e) => e.from.includes(from));
  const fitting = fromHere.filter((e) => e.to === to);
  if (name !== null) {
    const found = catalogue.exporters.find((e) => e.name === name);
    if (found === undefined) {
      const known = fromHere.length > 0 ? fromHere : catalogue.exporters;
      throw new OnparError({
        code: 'unknown-exporter',
        message: `${where}: unknown exporter \`${name}\``,
        fix: `${fromHere.length > 0 ? '' : `${reach(from, fromHere)}; `}${allowedValues(
          name,
          known.map((e) => e.name),
        )}`,
      });
    }
    if (!found.from.includes(from) || found.to !== to) {
      throw new OnparError({
        code: 'exporter-format',
        message: `${where}: exporter \`${name}\` turns ${found.from.join(' or ')} into ${found.to}, not ${from} into ${to}`,
        fix:
          fitting.length > 0 ? `exporters that fit: ${fitting.map((e) => e.name).join(', ')}` : reach(from, fromHere),
      });
    }
    return found;
  }
  const found = fitting.find((e) => e.isDefault) ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (found === undefined && fitting.length > 1) {
    // Nothing is usual where exporters do different things, as from ONNX to ONNX: a guess would check what nobody ships.
    throw new OnparError({
      code: 'exporter-ambiguous',
      message: `${where}: ${fitting.length} exporters turn \`${from}\` into \`${to}\`, and none of them is the usual one`,
      fix: `name one with \`exporter:\` (or --exporter): ${fitting.map((e) => e.name).join(', ')}${
        from === to ? '; `to: same` runs the model itself in another runtime' : ''
      }`,
    });
  }
  if (found === undefined) {
    throw new OnparError({
      code: 'no-exporter',
      message: `${where}: no exporter turns \`${from}\` into \`${to}\``,
      fix: `${reach(from, fromHere)}; any command line can be an exporter: exporter: { command: [...] }`,
    });
  }
  return found;
}

/** Types of JSON Schema, as toolchain.json uses them. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  array: 'a list',
  object: 'a map',
};

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** Refuses options that an exporter or runtime does not have, before anything is started. */
export function checkOptions(
  options: Readonly<Record<string, unknown>>,
  info: ExporterInfo | RuntimeInfo,
  where: string,
): void {
  const allowed = Object.keys(info.options);
  for (const [key, value] of Object.entries(options)) {
    const spec = info.options[key];
    if (spec === undefined && 'takesAnyOption' in info && info.takesAnyOption === true) continue;
    if (spec === undefined) {
      throw new OnparError({
        code: 'option-unknown',
        message: `${where}: \`${info.name}\` has no option \`${key}\``,
        fix: allowed.length === 0 ? 'it has no options' : allowedValues(key, allowed),
      });
    }
    if (spec.enum !== undefined && !spec.enum.includes(value)) {
      throw new OnparError({
        code: 'option-value',
        message: `${where}: option \`${key}\` of \`${info.name}\` is ${JSON.stringify(value)}`,
        fix: allowedValues(String(value), spec.enum.map(String)),
      });
    }
    const types = spec.type === undefined ? [] : [spec.type].flat();
    if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
      throw new OnparError({
        code: 'option-value',
        message: `${where}: option \`${key}\` of \`${info.name}\` is ${JSON.stringify(value)}`,
        fix: `write ${types
          .filter((type) => type !== 'null')
          .map((type) => TYPE_WORDS[type] ?? type)
          .join(' or ')}`,
      });
    }
  }
}
