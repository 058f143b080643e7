import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/records/report.ts';
import { createContext } from '../../src/report/context.ts';
import { replay } from '../../src/report/hub.ts';
import { loadReporter } from '../../src/report/registry.ts';

export interface Captured {
  readonly stdout: string;
  readonly stderr: string;
  readonly failed: readonly string[];
  /** Content of a file of the run folder, which is gone by now. */
  readonly files: Readonly<Record<string, string>>;
}

interface CaptureInit {
  readonly env?: Record<string, string>;
  readonly columns?: number;
  readonly isTTY?: boolean;
  readonly files?: readonly string[];
}

/** Renders a report with the named reporters into a folder of its own and keeps what they wrote; paths read `<out>`. */
export async function capture(
  report: Report,
  names: readonly string[],
  { env = {}, columns = 100, isTTY = false, files = [] }: CaptureInit = {},
): Promise<Captured> {
  const outDir = await mkdtemp(join(tmpdir(), 'onpar-report-'));
  const text = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns,
    write: (chunk: string) => {
      text[name] += chunk.replaceAll(outDir, '<out>');
    },
  });
  try {
    const ctx = createContext({ outDir, stdout: stream('stdout'), stderr: stream('stderr'), env, cwd: '/elsewhere' });
    const failed = await replay(report, await Promise.all(names.map((n) => loadReporter(n))), ctx);
    const read = await Promise.all(
      files.map(async (file) => [file, await readFile(join(outDir, file), 'utf8')] as const),
    );
    return { ...text, failed, files: Object.fromEntries(read) };
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
