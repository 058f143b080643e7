import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile, digestJson } from '../../core/hash.ts';
import type { Toolchain } from './manifest.ts';
import { nodePackages, runBuild } from './node-recipe.ts';
import { npmCommand, npmEnvironment } from './npm.ts';
import { type Pin, unknownVersion } from './pin.ts';
import type { Recipe, Stamp } from './recipe.ts';

interface PinnedNode {
  readonly pin: Pin;
  /** The toolchain whose dependencies stay as they are; null for a package that onpar itself depends on. */
  readonly chain: Toolchain | null;
  /** Toolchain → its site-packages folder. */
  readonly needs: Readonly<Record<string, string>>;
}

/** A folder with one package in the version asked for, and what it depends on; install scripts stay off. */
export function pinnedNode({ pin, chain, needs }: PinnedNode): Recipe<Stamp> {
  const build = chain?.build ?? null;
  const basis = digestJson([
    pin,
    chain?.lockDigest ?? null,
    build === null ? null : [digestFile(build), Object.entries(needs)],
  ]);
  const prefix = `${pin.package.replaceAll(/[@/]+/g, '')}-${pin.version}-${basis.slice(0, 12)}-${process.platform}-${process.arch}-node`;
  return {
    name: `${pin.package} ${pin.version}`,
    sizeMb: chain?.installedMb ?? null,
    prefix,
    isSound: (dir, { packages }) => packages[pin.package] === packageVersion(dir, pin.package),
    fix: 'see the last lines below: a package registry that cannot be reached (npm’s `registry` setting), or a full disk',
    prepare: async (say) => ({
      folder: prefix,
      async make(dir, signal) {
        const dependencies = { ...dependenciesOf(chain), [pin.package]: pin.version };
        writeFileSync(join(dir, 'package.json'), `${JSON.stringify({ private: true, dependencies }, null, 1)}\n`);
        await install(dir, pin, signal);
        if (build !== null) {
          say('building');
          await runBuild({ name: pin.package, script: build, dir, needs, signal });
        }
        const packages = nodePackages(dir);
        return { packages, digest: digestJson([basis, packages]) };
      },
    }),
  };
}

const dependenciesOf = (chain: Toolchain | null): Record<string, string> =>
  chain === null
    ? {}
    : ((JSON.parse(readFileSync(join(chain.dir, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> })
        .dependencies ?? {});

function packageVersion(dir: string, name: string): string | undefined {
  try {
    const text = readFileSync(join(dir, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return undefined;
  }
}

const npm = async (dir: string, args: readonly string[], signal: AbortSignal) => {
  const { execa } = await import('execa');
  const [file, ...first] = npmCommand();
  return execa(file, [...first, ...args], {
    cwd: dir,
    env: npmEnvironment(),
    extendEnv: false,
    all: true,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  });
};

async function install(dir: string, pin: Pin, signal: AbortSignal): Promise<void> {
  const quiet = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-update-notifier'];
  const result = await npm(dir, ['install', ...quiet], signal);
  if (result.exitCode === 0) return;
  if (!/ETARGET|E404/.test(result.all)) throw Object.assign(new Error(result.shortMessage), { all: result.all });
  const { stdout } = await npm(dir, ['view', pin.package, 'versions', '--json', '--no-update-notifier'], signal);
  throw unknownVersion(pin, 'the registry has no such version', nearest(pin.version, released(stdout)), result.all);
}

/** Without pre-releases, which nobody means. */
function released(json: string): string[] {
  try {
    return ([JSON.parse(json)].flat() as unknown[]).filter(
      (v): v is string => typeof v === 'string' && /^\d+\.\d+\.\d+$/.test(v),
    );
  } catch {
    return [];
  }
}

/** The neighbours in order of the registry, which is that of the versions, and the newest. */
function nearest(version: string, versions: readonly string[]): string[] {
  const wanted = numbersOf(version);
  const sorted = [...versions].sort((a, b) => order(numbersOf(a), numbersOf(b)));
  const above = sorted.find((v) => order(numbersOf(v), wanted) > 0);
  const below = sorted.findLast((v) => order(numbersOf(v), wanted) < 0);
  return [...new Set([below, above, sorted.at(-1)].filter((v) => v !== undefined))];
}

const numbersOf = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number);

const order = (a: readonly number[], b: readonly number[]): number =>
  [0, 1, 2].map((i) => (a[i] ?? 0) - (b[i] ?? 0)).find((d) => d !== 0) ?? 0;
