import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { which } from '../../workers/which.ts';

/** What distributions and vendors call a Chromium. All speak the protocol that pages are driven with. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'microsoft-edge'];

/** Where installers put it without adding it to PATH. */
function usualPlaces(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string[] {
  if (platform === 'darwin') {
    const apps = ['Chromium', 'Google Chrome', 'Microsoft Edge'];
    return ['/', homedir()].flatMap((root) =>
      apps.map((app) => join(root, 'Applications', `${app}.app`, 'Contents', 'MacOS', app)),
    );
  }
  if (platform === 'win32') {
    const programs = [
      join('Google', 'Chrome', 'Application', 'chrome.exe'),
      join('Chromium', 'Application', 'chrome.exe'),
      join('Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ];
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .filter((root) => root !== undefined)
      .flatMap((root) => programs.map((program) => join(root, program)));
  }
  return ['/usr/bin/chromium', '/usr/lib/chromium/chromium', '/snap/bin/chromium', '/opt/google/chrome/chrome'];
}

/** The Chromium of this machine: `CHROMIUM_PATH` and nothing else where it is set, else PATH, else the usual places. */
export function findChromium(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string | null {
  if (env.CHROMIUM_PATH) return existsSync(env.CHROMIUM_PATH) ? env.CHROMIUM_PATH : null;
  const suffix = platform === 'win32' ? '.exe' : '';
  for (const name of NAMES) {
    const found = which(`${name}${suffix}`, env.PATH);
    if (found !== null) return found;
  }
  return usualPlaces(platform, env).find((path) => existsSync(path)) ?? null;
}

export const BROWSER_FIX =
  'Debian: `apt-get install chromium`; elsewhere install Chromium or Chrome; or set CHROMIUM_PATH to its executable';

/** The error for a machine without one: the case is skipped where it is optional, and never passes. */
export function browserMissing(runtime: string, env: NodeJS.ProcessEnv = process.env): OnparError {
  const why = env.CHROMIUM_PATH
    ? `CHROMIUM_PATH names ${env.CHROMIUM_PATH}, which does not exist`
    : 'no Chromium was found, neither on PATH nor where installers put it';
  return new OnparError({
    code: 'runtime-unavailable',
    message: `${runtime} runs in a browser: ${why}`,
    fix: BROWSER_FIX,
    exitCode: 3,
  });
}

/**
 * What changes when the browser does, without starting it: its file, size and time. Part of the key of what ran there.
 * Launchers are scripts that a package brings along with its binary, so their time changes with the package too.
 */
export function browserIdentity(env: NodeJS.ProcessEnv = process.env): string {
  const path = findChromium(env);
  if (path === null) return 'none';
  const file = realpathSync(path);
  const { size, mtimeMs } = statSync(file);
  return `${file} ${size} ${Math.round(mtimeMs)}`;
}
