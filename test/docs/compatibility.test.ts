import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { catalogue } from '../../src/engine/catalogue.ts';

const page = (name: string): string => readFileSync(join(packageRoot, 'docs', name), 'utf8');
const text = page('compatibility.md');

/** The lines below a heading, up to the next. */
const section = (title: string): string => text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

describe('docs/compatibility.md', () => {
  it.each(catalogue().exporters.map(({ name, to }) => [name, to]))('has a row for the exporter %s', (name, to) => {
    expect(section(`To ${to}`)).toContain(`| \`${name}\``);
  });

  it.each(catalogue().runtimes.map(({ name, formats }) => [name, formats] as const))(
    'has a place for the runtime %s',
    (name, formats) => {
      const missing = formats
        .filter((format) => format !== 'tensors')
        .filter((format) => {
          const row = section('The same model in another runtime')
            .split('\n')
            .find((line) => line.startsWith(`| ${format} |`));
          return row?.includes(`\`${name}\``) !== true;
        });
      expect(missing).toEqual([]);
    },
  );

  it('names no runtime and no exporter that is gone', () => {
    const rows = [...text.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    const known = catalogue().exporters.map(({ name }) => name);
    expect(rows.filter((name) => name !== undefined && !known.includes(name))).toEqual([]);
  });

  it('gives every red cell its finding', () => {
    const red = [...text.matchAll(/\*\*✗ /g)].length;
    const reasons = section('Red cells')
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('`'));
    expect(red === 0).toBe(reasons.length === 0);
    expect(reasons.filter((line) => !/\| `[a-z-]+` \S.* \|$/.test(line))).toEqual([]);
  });

  it('is what the records say, with nothing changed by hand', async () => {
    const bench = join(packageRoot, 'bench', 'compat');
    const made = await import(pathToFileURL(join(bench, 'page.js')).href);
    const { readRecords } = await import(pathToFileURL(join(bench, 'records.js')).href);
    const again = made.page({ ...readRecords(), catalogue: catalogue() });
    expect(text, 'run `npm run compat -- page --write`').toBe(again);
  });

  it('names the command, the versions and the samples that made it', () => {
    const [top = ''] = text.split(/^## /m);
    for (const words of ['npm run compat -- --write', 'portfolio:6', '--no-deep', 'one thread'])
      expect(top).toContain(words);
    expect(top).toMatch(/onpar \d+\.\d+\.\d+, Node\.js \d+\./);
    expect(section('Versions')).toMatch(/torch \d+\.\d+/);
  });

  it('says of everything that was tried in vain how, and what came of it', () => {
    const rows = section('Tried and not possible here')
      .split('\n')
      .filter((line) => /^\| (?!what|---)/.test(line));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((line) => !/^\| [^|]+ \| `[a-z-]+` \| `[^|`]+` \| [^|]+ \| [^|]* \|$/.test(line))).toEqual([]);
  });

  it('holds no path of the machine that wrote it', () => {
    for (const name of ['compatibility.md', 'op-tests.md'])
      expect(page(name)).not.toMatch(/(?:^|[\s(])\/(?:home|root|tmp|work|dev)\//m);
  });
});
