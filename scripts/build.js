// Builds dist/: bundles for a quick start (one file to open instead of two hundred), types by tsc.
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typesToo = process.argv.includes('--types');

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // Native or large, or found by path at run time: these stay packages. The rest is bundled for its start-up time.
  external: ['onnxruntime-node', 'mathjs', 'jiti'],
  alias: { 'string-width': join(root, 'scripts', 'string-width.js') },
  banner: {
    js: "import { createRequire as __onparRequire } from 'node:module'; const require = __onparRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
};

/** CommonJS, because only that can be loaded with the code that V8 compiled before (src/cli/code-cache.ts). */
const commonJs = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: { js: "const __onparUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': '__onparUrl' },
};

/** Built aside and put in place whole, so that an onpar that runs meanwhile finds all its parts. */
async function bundle(outdir, ...parts) {
  for (const { entryPoints, ...options } of parts)
    await build({ ...common, ...options, outdir: `${outdir}.next`, entryPoints });
  rmSync(join(root, outdir), { recursive: true, force: true });
  renameSync(join(root, `${outdir}.next`), join(root, outdir));
}

await bundle(
  'dist',
  { entryPoints: { cli: 'src/cli.ts', index: 'src/index.ts', 'node-host': 'src/observe/node-host.ts' } },
  { entryPoints: { program: 'src/program.ts' }, ...commonJs },
);
// What this repository's own scripts use; never published.
await bundle('build', { entryPoints: { dev: 'src/dev.ts' } });

if (typesToo) {
  execFileSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.types.json')],
    { stdio: 'inherit' },
  );
}
