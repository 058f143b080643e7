import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Beside the toolchains in the system's cache folder. */
function folder(): string {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'onpar', 'code');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'onpar', 'code');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'onpar', 'code');
}

/** A short name for a text; it only has to tell installations of one user apart. */
const shortName = (text: string): string => {
  let hash = 5381;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 33) ^ text.charCodeAt(i)) >>> 0;
  return hash.toString(36);
};

const KEPT_MS = 30 * 24 * 3600 * 1000;

export interface Loaded<T> {
  readonly exports: T;
  /** Keeps what V8 has compiled, unless that is kept already. Call it when the work is done: then the most is known. */
  keep(): void;
}

/**
 * Loads a CommonJS bundle with the code that V8 compiled the last time `purpose` was served, which halves the time that
 * onpar takes to start. V8 refuses code of another version or of other flags; any trouble with the cache means only that
 * the bundle is compiled as usual. (Node 22 can do this by itself, Node 20 cannot.)
 */
export function loadWithCodeCache<T>(file: string, purpose: string): Loaded<T> {
  const { size, mtimeMs } = statSync(file);
  const family = `${shortName(file)}-${purpose}-`;
  const cache = join(folder(), `${family}${shortName(`${process.version} ${process.arch} ${size} ${mtimeMs}`)}.bin`);
  const cachedData = read(cache);
  // The bundle is plain ASCII, and as such it is read without decoding.
  const source = `(function (exports, require, module, __filename, __dirname, __onparImport) { ${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
  const module = { exports: {} as T };
  script.runInThisContext()(
    module.exports,
    createRequire(file),
    module,
    file,
    dirname(file),
    (specifier: string) => import(specifier),
  );
  const known = cachedData !== undefined && script.cachedDataRejected === false;
  return { exports: module.exports, keep: () => known || write(cache, family, script) };
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Written aside and renamed, so that no other process reads half a file; what it replaces goes. */
function write(path: string, family: string, script: Script): void {
  try {
    const dir = dirname(path);
    mkdirSync(dir, { recursive: true });
    for (const name of readdirSync(dir)) {
      const old = join(dir, name);
      // Installations that are gone leave theirs behind.
      if (name.startsWith(family) || Date.now() - statSync(old).mtimeMs > KEPT_MS) rmSync(old, { force: true });
    }
    const aside = `${path}.${process.pid}`;
    writeFileSync(aside, script.createCachedData());
    renameSync(aside, path);
  } catch {
    // A home that cannot be written to costs a tenth of a second a run, no more.
  }
}
