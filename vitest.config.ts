import { defineConfig } from 'vitest/config';

const PYTHON = 'test/**/*.python.test.ts';
const BROWSER = 'test/**/*.browser.test.ts';

/** Three kinds of tests: `fast` needs Node alone (and runs on every supported major), `browser` a Chromium, `python` real toolchains. */
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [PYTHON, BROWSER],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'browser', include: [BROWSER], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'python',
          include: [PYTHON],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
