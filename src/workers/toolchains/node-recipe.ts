import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { digestFile, digestJson } from '../../core/hash.ts';
import { npmCommand, npmEnvironment } from './npm.ts';
import type { Recipe, Stamp } from './recipe.ts';

/** A folder with `package.json` and `package-lock.json`, and where the environments lie that it builds on. */
export interface NodeSpec {
  readonly name: string;
  readonly folder: string;
  readonly lockDigest: string;
  readonly sizeMb: number | null;
  /** A script that finishes what install scripts would have done; run with the folder and `needs` as JSON. */
  readonly build: string | null;
  /** Toolchain → its site-packages folder. */
  readonly needs: Readonly<Record<string, string>>;
}

/** npm's own record of what it put into node_modules: `node_modules/<name>` → version. */
export function nodePackages(dir: string): Record<string, string> {
  const lock = JSON.parse(readFileSync(join(dir, 'node_modules', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  return Object.fromEntries(
    Object.entries(lock.packages).flatMap(([path, { version }]) => {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
      return name === undefined || version === undefined ? [] : [[name, version]];
    }),
  );
}

/**
 * Runs a toolchain's build script. What a user can mend it says in one JSON line on stdout, `{code, message, fix}`, which is
 * thrown as OnparError; anything else it fails of goes up as it is.
 */
export async function runBuild({
  name,
  script,
  dir,
  needs,
  signal,
}: Pick<NodeSpec, 'name' | 'needs'> & {
  readonly script: string;
  readonly dir: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { execa } = await import('execa');
  const { exitCode, stdout, all, ...rest } = await execa(process.execPath, [script, dir, JSON.stringify(needs)], {
    cwd: dir,
    all: true,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  });
  if (exitCode === 0) return;
  let told: { code: string; message: string; fix: string };
  try {
    told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  } catch {
    throw Object.assign(new Error(`the build script of ${name} failed`), { all, ...rest });
  }
  const last = all.split('\n').filter((line) => !line.startsWith('{'));
  throw new OnparError({ ...told, detail: last.join('\n').slice(-2000), exitCode: 3 });
}

/** A folder with a node_modules of its own, made with npm from a lock with hashes; install scripts stay off. */
export function nodeRecipe(spec: NodeSpec): Recipe<Stamp> {
  const { name, folder, build, needs } = spec;
  // What was built against another environment belongs to it.
  const basis = digestJson([
    spec.lockDigest,
    build === null ? null : digestFile(build),
    build === null ? null : Object.entries(needs),
  ]);
  const prefix = `${name}-${basis.slice(0, 12)}-${process.platform}-${process.arch}-node`;
  return {
    name,
    sizeMb: spec.sizeMb,
    prefix,
    isSound: (dir) => existsSync(join(dir, 'node_modules')),
    fix: 'see the last lines below: a package registry that cannot be reached (npm’s `registry` setting), a full disk, a changed hash, or a compiler that is missing',
    prepare: async (say) => ({
      folder: prefix,
      async make(dir, signal) {
        for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(folder, file), join(dir, file));
        const { execa } = await import('execa');
        const [file, ...first] = npmCommand();
        const install = ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-update-notifier'];
        await execa(file, [...first, ...install], {
          cwd: dir,
          env: npmEnvironment(),
          extendEnv: false,
          all: true,
          stdin: 'ignore',
          cancelSignal: signal,
        });
        if (build !== null) {
          say('building');
          await runBuild({ name, script: build, dir, needs, signal });
        }
        const packages = nodePackages(dir);
        return { packages, digest: digestJson([basis, packages]) };
      },
    }),
  };
}
