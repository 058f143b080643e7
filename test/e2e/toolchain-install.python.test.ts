import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sharedScratch } from '../scratch.ts';
import { onpar, start } from './onpar.ts';

/** A toolchains folder of its own, in which one small toolchain is really installed, damaged and made anew. */
const toolchains = join(sharedScratch(), 'toolchains');
const env = { ONPAR_TOOLCHAINS: toolchains };
const go = (...args: string[]) => onpar(['toolchain', ...args], { env, deadlineMs: 280_000 });

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly version: string | null;
  readonly bytes: number;
  readonly dir: string;
}
const listed = async (): Promise<Listed | undefined> =>
  (JSON.parse((await go('list', '--json')).stdout) as Listed[]).find(({ name }) => name === 'litert');
const folders = (): string[] => readdirSync(toolchains).filter((name) => name.startsWith('litert-'));

test('an installation that is interrupted ends its installer and leaves nothing', async () => {
  expect((await listed())?.state).toBe('not installed');
  const running = start(['toolchain', 'install', 'litert'], { env, deadlineMs: 280_000 });
  await running.seen('about 119 MB');
  // uv itself may come first; the folder is there once the environment is being made.
  while (!existsSync(toolchains) || folders().filter((name) => !name.endsWith('.lock')).length === 0)
    await new Promise((done) => setTimeout(done, 20));
  running.child.kill('SIGTERM');
  const { exitCode, text } = await running.finished;
  expect([exitCode, folders()]).toEqual([130, []]);
  expect(text).toContain('nothing half made is left');
});

test('two at once install it once, and it is listed with its version and size', async () => {
  const both = await Promise.all([go('install', 'litert'), go('install', 'litert')]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(folders()).toHaveLength(1);
  expect(await listed()).toMatchObject({ state: 'installed', version: expect.stringMatching(/^\d+\.\d+/) });
  expect((await listed())?.bytes).toBeGreaterThan(5e7);
  expect((await go('install', 'litert')).text).toContain('nothing to install');
});

test('one that lost files is noticed and made anew', async () => {
  const { dir = '' } = (await listed()) ?? {};
  const site = join(dir, 'lib', readdirSync(join(dir, 'lib')).find((name) => /^python3/.test(name)) ?? '');
  rmSync(join(site, 'site-packages', 'ai_edge_litert', 'interpreter.py'));
  expect((await listed())?.state).toBe('broken');
  expect((await go('install', 'litert')).exitCode).toBe(0);
  expect((await listed())?.state).toBe('installed');
});
