import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { toolchainsFolder } from '../../core/paths.ts';
import { withFolderLock } from './folder-lock.ts';
import type { Interpreter } from './interpreter.ts';

/** The uv that is installed when none is on PATH; the one the locks were made with. */
export const UV_VERSION = '0.13.8';

/**
 * Environment of every uv call. System certificates, because companies and CI machines bring their own authorities;
 * interpreters are never downloaded.
 */
export const uvEnvironment = (): Record<string, string> => ({
  UV_PYTHON_DOWNLOADS: 'never',
  UV_SYSTEM_CERTS: process.env.UV_SYSTEM_CERTS ?? 'true',
  UV_NO_CONFIG: process.env.UV_NO_CONFIG ?? '1',
});

const bin = (venv: string, name: string): string =>
  process.platform === 'win32' ? join(venv, 'Scripts', `${name}.exe`) : join(venv, 'bin', name);

/** uv on PATH, else one in a folder of our own, made with venv and pip. */
export async function findUv(interpreter: Interpreter, say: (message: string) => void): Promise<string> {
  const { execa } = await import('execa');
  const onPath = await execa('uv', ['--version'], { reject: false });
  if (onPath.exitCode === 0) return 'uv';
  const home = join(toolchainsFolder(), `uv-${UV_VERSION}`);
  const uv = bin(home, 'uv');
  if (existsSync(uv)) return uv;
  await withFolderLock(
    home,
    () => say('waiting for another onpar to install uv'),
    async () => {
      if (existsSync(uv)) return;
      say(`installing uv ${UV_VERSION} (about 40 MB)`);
      try {
        await execa(interpreter.path, ['-m', 'venv', home]);
        await execa(bin(home, 'python'), [
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          `uv==${UV_VERSION}`,
        ]);
      } catch (error) {
        rmSync(home, { recursive: true, force: true });
        throw new OnparError({
          code: 'uv-missing',
          message: `uv is not on PATH and could not be installed with ${interpreter.path}`,
          fix: 'install uv (`pip install uv`), or Python’s venv module (Debian: `apt-get install python3-venv`), and run again',
          detail: String((error as { stderr?: string }).stderr ?? error).slice(-2000),
          exitCode: 3,
          cause: error,
        });
      }
    },
  );
  return uv;
}
