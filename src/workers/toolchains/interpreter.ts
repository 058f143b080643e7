import { OnparError } from '../../core/errors.ts';

/** A Python interpreter that exists: its real path (not a version manager's shim) and `3.11`. */
export interface Interpreter {
  readonly path: string;
  readonly version: string;
}

/** Minor versions that the locks were made for. */
export const SUPPORTED_PYTHONS: readonly string[] = ['3.11', '3.12'];

const PROBE =
  'import sys; print(getattr(sys, "_base_executable", sys.executable)); print("%d.%d" % sys.version_info[:2])';

async function probe(command: string): Promise<Interpreter | undefined> {
  const { execa } = await import('execa');
  const result = await execa(command, ['-c', PROBE], { reject: false, timeout: 20_000 });
  const [path, version] = (result.stdout ?? '').split('\n');
  return result.exitCode === 0 && path && version ? { path, version: version.trim() } : undefined;
}

/**
 * Finds Python 3.11 or 3.12: `ONPAR_PYTHON` first, then the names on PATH. Interpreters are never downloaded.
 * Throws with what was found and what to install.
 */
export async function findInterpreter(): Promise<Interpreter> {
  const asked = process.env.ONPAR_PYTHON;
  const names = asked ? [asked] : ['python3', 'python3.11', 'python3.12', 'python'];
  const seen: string[] = [];
  for (const name of names) {
    const found = await probe(name);
    if (found !== undefined && SUPPORTED_PYTHONS.includes(found.version)) return found;
    seen.push(`${name}: ${found === undefined ? 'not found' : found.version}`);
  }
  throw new OnparError({
    code: 'python-missing',
    message: `no Python ${SUPPORTED_PYTHONS.join(' or ')} was found (${seen.join('; ')})`,
    fix: 'install Python 3.11 or 3.12 (Debian: `apt-get install python3 python3-venv`) or set ONPAR_PYTHON to its path',
    exitCode: 3,
  });
}
