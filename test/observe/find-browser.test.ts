import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { browserIdentity, browserMissing, findChromium } from '../../src/observe/browser/find.ts';
import { scratch, write } from '../scratch.ts';

function program(dir: string, name: string): string {
  const path = write(dir, name, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe('finding a browser', () => {
  test('CHROMIUM_PATH comes first, and nothing stands in for it', () => {
    const dir = scratch();
    const chrome = program(dir, 'google-chrome');
    const own = program(dir, 'my-browser');
    expect(findChromium({ CHROMIUM_PATH: own, PATH: dir })).toBe(own);
    const env = { CHROMIUM_PATH: join(dir, 'gone'), PATH: dir };
    expect(findChromium(env)).toBeNull();
    expect(browserMissing('tfjs-browser', env)).toMatchObject({
      code: 'runtime-unavailable',
      message: expect.stringContaining(join(dir, 'gone')),
      fix: expect.stringContaining('CHROMIUM_PATH'),
    });
    expect(findChromium({ PATH: dir }, 'linux')).toBe(chrome);
  });

  test.skipIf(process.platform === 'win32')('PATH is searched in the order of names, executable files only', () => {
    const dir = scratch();
    const chrome = program(dir, 'google-chrome');
    write(dir, 'chromium', 'not a program');
    expect(findChromium({ PATH: dir }, 'linux')).toBe(chrome);
    chmodSync(join(dir, 'chromium'), 0o755);
    expect(findChromium({ PATH: `${join(dir, 'nowhere')}:${dir}` }, 'linux')).toBe(join(dir, 'chromium'));
  });

  test('installers of Windows are found below their folders', () => {
    const dir = scratch();
    const path = write(dir, join('Microsoft', 'Edge', 'Application', 'msedge.exe'), '');
    expect(findChromium({ PATH: '', 'PROGRAMFILES(X86)': dir }, 'win32')).toBe(path);
    expect(findChromium({ PATH: '' }, 'win32')).toBeNull();
  });

  test('its identity changes with the file', () => {
    const dir = scratch();
    const path = program(dir, 'chromium');
    const before = browserIdentity({ CHROMIUM_PATH: path });
    expect(browserIdentity({ CHROMIUM_PATH: path })).toBe(before);
    write(dir, 'chromium', '#!/bin/sh\n# another\n');
    expect(browserIdentity({ CHROMIUM_PATH: path })).not.toBe(before);
    expect(browserIdentity({ CHROMIUM_PATH: join(dir, 'gone') })).toBe('none');
  });
});
