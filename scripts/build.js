// Builds dist/: bundles for a quick start (one file to open instead of two hundred), types by tsc.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const typesToo = process.argv.includes('--types');

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', index: 'src/index.ts', dev: 'src/dev.ts', 'node-host': 'src/observe/node-host.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // Native or large, or found by path at run time: these stay packages. The rest is bundled for its start-up time.
  external: ['onnxruntime-node', 'mathjs', 'jiti'],
  banner: { js: "import { createRequire as __onparRequire } from 'node:module'; const require = __onparRequire(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
});

if (typesToo) {
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' });
}
