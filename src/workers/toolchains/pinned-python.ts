import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestJson } from '../../core/hash.ts';
import { findInterpreter } from './interpreter.ts';
import type { Toolchain } from './manifest.ts';
import { incompatibleVersions, type Pin, packagesNamed, unknownVersion } from './pin.ts';
import { makeEnvironment, type PythonStamp, soundPython, torchBackend, versionsOnly } from './python-recipe.ts';
import type { Recipe } from './recipe.ts';
import { findUv, uvEnvironment } from './uv.ts';

const NO_SOLUTION = /No solution found/;

/**
 * A toolchain's environment with one package in another version. The others stay as the lock has them where that resolves,
 * else as the toolchain asks for them, else in whichever versions fit: an older runtime often wants older company.
 */
export function pinnedPython(chain: Toolchain, pin: Pin): Recipe<PythonStamp> {
  const basis = digestJson([chain.lockDigest, pin]);
  const prefix = `${chain.name}-${pin.package}-${pin.version}-${basis.slice(0, 12)}-${process.platform}-${process.arch}-py`;
  return {
    name: `${chain.name} (${pin.package} ${pin.version})`,
    sizeMb: chain.installedMb,
    prefix,
    isSound: soundPython,
    fix: 'see the last lines of uv below: a package index that cannot be reached (set UV_DEFAULT_INDEX), or a full disk',
    async prepare(say) {
      const interpreter = await findInterpreter();
      const uv = await findUv(interpreter, say);
      return {
        folder: `${prefix}${interpreter.version}`,
        make: (dir, signal) =>
          makeEnvironment({ uv, interpreter, dir, signal }, (python) =>
            installPinned({ uv, python, signal }, chain, pin, dir),
          ),
      };
    },
  };
}

async function installPinned(
  { uv, python, signal }: { readonly uv: string; readonly python: string; readonly signal: AbortSignal },
  chain: Toolchain,
  pin: Pin,
  dir: string,
): Promise<void> {
  const { execa } = await import('execa');
  const env = { ...process.env, ...uvEnvironment() };
  const backend = torchBackend();
  const install = (files: readonly string[], more: readonly string[] = []) =>
    execa(
      uv,
      [
        ...['pip', 'install', '--quiet', '--compile-bytecode', '--python', python],
        ...(backend === undefined ? [] : ['--torch-backend', backend]),
        ...files,
        `${pin.package}==${pin.version}`,
        ...more,
      ],
      { env, all: true, reject: false, cancelSignal: signal },
    );
  let explanation = '';
  for (const files of attempts(chain, pin, dir)) {
    const result = await install(files);
    if (result.exitCode !== 0 && !NO_SOLUTION.test(result.all))
      throw Object.assign(new Error(result.shortMessage), { all: result.all });
    // What a package was compiled against is not always among its requirements: only importing it tells.
    const imported = result.exitCode === 0 ? await importFails(python, chain, pin) : null;
    if (result.exitCode === 0 && imported === null) return;
    explanation = imported ?? result.all;
  }
  const missing = await missingReason(uv, python, pin);
  if (missing !== null) throw unknownVersion(pin, missing, await nearbyVersions(uv, python, pin), explanation);
  throw incompatibleVersions(
    `${chain.name} with ${pin.package} ${pin.version}`,
    packagesNamed(explanation),
    explanation,
  );
}

const IMPORT = `
import importlib.metadata, re, sys
plain = lambda name: re.sub(r"[-_.]+", "-", name).lower()
wanted, framework = sys.argv[1:]
of = importlib.metadata.packages_distributions()
own = [name for name, found in of.items() if wanted in map(plain, found)]
for name in [n for n in own if plain(n) in (wanted, wanted.removesuffix("-cpu"))] or [framework]:
    __import__(name)
`;

/** The last lines of what importing the package prints where that fails; null where it works. */
async function importFails(python: string, chain: Toolchain, pin: Pin): Promise<string | null> {
  const { execa } = await import('execa');
  const env = { ORT_DISABLE_TELEMETRY: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const result = await execa(python, ['-c', IMPORT, pin.package, chain.framework], { env, all: true, reject: false });
  return result.exitCode === 0 ? null : result.all.split('\n').slice(-20).join('\n');
}

/** Requirement files for uv, from the strictest wish to the mildest. */
function attempts(chain: Toolchain, pin: Pin, dir: string): string[][] {
  const folder = join(dir, 'onpar-requirements');
  mkdirSync(folder, { recursive: true });
  const file = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const others = (text: string): string[] =>
    text.split('\n').filter((line) => /^[A-Za-z0-9]/.test(line) && distribution(line) !== pin.package);
  const wanted = others(readFileSync(join(chain.dir, 'requirements.in'), 'utf8'));
  const locked = file('lock.txt', others(versionsOnly(readFileSync(chain.lockFile, 'utf8'))));
  const asked = file('asked.txt', wanted);
  const names = file('names.txt', wanted.map(withoutVersion));
  return [
    ['-r', asked, '--constraint', locked],
    ['-r', asked],
    ['-r', names],
    // The one break of binary interfaces that older packages do not declare.
    ['-r', names, '--constraint', file('numpy-1.txt', ['numpy<2'])],
  ];
}

/** The normalised name in front of a requirement's version, extras and marker. */
const distribution = (line: string): string =>
  (/^[\w.-]+/.exec(line)?.[0] ?? '').toLowerCase().replaceAll(/[._-]+/g, '-');

const withoutVersion = (line: string): string => {
  const marker = line.indexOf(';');
  const name = /^[\w.-]+(\[[^\]]*\])?/.exec(line)?.[0] ?? line;
  return marker < 0 ? name : `${name} ${line.slice(marker)}`;
};

/** Why the package alone cannot be had in this version, in uv's words; null where it can. */
async function missingReason(uv: string, python: string, pin: Pin): Promise<string | null> {
  const { all, exitCode } = await resolveOnly(uv, python, `${pin.package}==${pin.version}`, []);
  if (exitCode === 0) return null;
  if (/there is no version of|was not found in the package registry|not found in the package/i.test(all))
    return 'the package index has no such version';
  if (/no wheels? with a matching|no wheels/i.test(all)) return 'it has no wheel for this Python and system';
  // What its own requirements make impossible is no question of the version's existence.
  return null;
}

/** The nearest versions below and above that this Python and system can have, and the newest. */
async function nearbyVersions(uv: string, python: string, { package: name, version }: Pin): Promise<string[]> {
  const found = await Promise.all([
    resolveOnly(uv, python, `${name}<${version}`, ['--resolution', 'highest']),
    resolveOnly(uv, python, `${name}>${version}`, ['--resolution', 'lowest-direct']),
    resolveOnly(uv, python, name, ['--resolution', 'highest']),
  ]);
  const versions = found.flatMap(({ all }) => new RegExp(`^ \\+ ${name}==(\\S+)`, 'm').exec(all)?.[1] ?? []);
  return [...new Set(versions)];
}

async function resolveOnly(uv: string, python: string, requirement: string, more: readonly string[]) {
  const { execa } = await import('execa');
  const args = ['pip', 'install', '--dry-run', '--no-deps', '--reinstall', '--python', python, ...more, requirement];
  const { all, exitCode } = await execa(uv, args, {
    env: { ...process.env, ...uvEnvironment() },
    all: true,
    reject: false,
  });
  return { all: all.replaceAll(/\s*\n\s{8,}/g, ' '), exitCode };
}
