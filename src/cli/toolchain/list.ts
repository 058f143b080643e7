import { toolchainsFolder } from '../../core/paths.ts';
import { type Palette, palette } from '../../report/terminal/style.ts';
import { type Toolchain, toolchains } from '../../workers/toolchains/manifest.ts';
import { bytesOnDisk, inspect, type ToolchainState } from '../../workers/toolchains/state.ts';
import { sizeWords } from './sizes.ts';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly language: string;
  readonly state: ToolchainState;
  readonly framework: string;
  /** Null while it is not installed. */
  readonly version: string | null;
  /** Measured where it is installed, else what it was where the lock was made. */
  readonly bytes: number;
  readonly measured: boolean;
  readonly dir: string | null;
  readonly exporters: readonly string[];
  readonly runtimes: readonly string[];
}

/** The version of the package that a toolchain is about; a framework is named by its import. */
function versionOf({ framework, runtimes }: Toolchain, packages: Readonly<Record<string, string>>): string | null {
  const named = [
    framework,
    framework.replaceAll('_', '-'),
    `${framework}-cpu`,
    ...runtimes.flatMap((r) => r.package ?? []),
  ];
  return named.map((name) => packages[name]).find((version) => version !== undefined) ?? null;
}

function rowOf(chain: Toolchain): Row {
  const { state, dir, packages } = inspect(chain);
  const measured = dir !== null && state === 'installed' && chain.plugin?.module == null;
  return {
    name: chain.name,
    title: chain.title,
    language: chain.language,
    state,
    framework: chain.framework,
    version: versionOf(chain, packages),
    bytes: measured ? bytesOnDisk(dir) : chain.installedMb * 1e6,
    measured,
    dir,
    exporters: chain.exporters.map((e) => e.name),
    runtimes: chain.runtimes.map((r) => r.name),
  };
}

const MARKS: Readonly<Record<ToolchainState, readonly [mark: string, paint: keyof Palette]>> = {
  installed: ['✓', 'green'],
  installing: ['…', 'cyan'],
  'not installed': ['·', 'dim'],
  outdated: ['!', 'yellow'],
  broken: ['✗', 'red'],
};

const HINTS: Partial<Readonly<Record<ToolchainState, string>>> = {
  broken: 'files of it are gone: `onpar toolchain install` with its name makes it anew',
  outdated: 'made from an earlier lock: the next use installs the present one beside it',
};

/** `onpar toolchain list`: what there is, in which version and state, how large, and what it offers. */
export function listToolchains(json: boolean): number {
  const rows = toolchains().map(rowOf);
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
    return 0;
  }
  const p = palette(process.stdout.isTTY === true && !process.env.NO_COLOR);
  const columns = process.stdout.columns ?? 100;
  const total = rows.filter((r) => r.measured).reduce((sum, r) => sum + r.bytes, 0);
  const count = rows.filter((r) => r.state === 'installed').length;
  process.stdout.write(
    `${p.bold(`${count} of ${rows.length} toolchains installed`)}, ${sizeWords(total)} in ${toolchainsFolder()}\n\n`,
  );
  const width = (of: (row: Row) => string): number => Math.max(...rows.map((row) => of(row).length));
  const size = (r: Row): string => `${r.measured ? '' : '~'}${sizeWords(r.bytes)}`;
  const widths = { name: width((r) => r.name), version: width((r) => r.version ?? ''), size: width(size) };
  for (const row of rows) {
    const [mark, paint] = MARKS[row.state];
    const head = `${row.name.padEnd(widths.name)}  ${(row.version ?? '').padEnd(widths.version)}  ${size(row).padStart(widths.size)}`;
    process.stdout.write(`${p[paint](mark)} ${head}  ${p[paint](row.state.padEnd(13))}  ${row.title}\n`);
    const hint = HINTS[row.state];
    const indent = ' '.repeat(widths.name + 4);
    if (hint !== undefined) process.stdout.write(`${indent}${p[paint](hint)}\n`);
    for (const [kind, names] of [
      ['runs', row.runtimes],
      ['exports', row.exporters],
    ] as const)
      for (const line of wrapped(names, columns - indent.length - 9))
        process.stdout.write(`${indent}${p.dim(`${line.first ? kind.padEnd(8) : ' '.repeat(8)} ${line.text}`)}\n`);
  }
  return 0;
}

/** Names in lines of at most `room` columns. */
function wrapped(names: readonly string[], room: number): { readonly first: boolean; readonly text: string }[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length + 2 > room) lines.push(name);
    else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines.map((text, i) => ({ first: i === 0, text }));
}
