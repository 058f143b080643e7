// Builds dist/: bundles for a quick start (one file to open instead of two hundred), types by tsc.
import { execFile, execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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
  external: ['onnxruntime-node', '@grpc/grpc-js', 'mathjs', 'jiti'],
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

/** The comparison kernel, from AssemblyScript. In a process of its own, beside the bundles: it takes as long as all of them. */
function compileKernel(outdir) {
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
  const entry = join('src', 'tensor', 'kernel', 'assembly', 'index.ts');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
  return promisify(execFile)(
    process.execPath,
    [compiler, entry, ...options, '--outFile', join(outdir, 'kernel.wasm')],
    { cwd: root },
  );
}

/** Built aside and put in place whole, so that an onpar that runs meanwhile finds all its parts. */
async function bundle(outdir, ...parts) {
  const kernel = outdir === 'dist' ? compileKernel(`${outdir}.next`) : undefined;
  for (const { entryPoints, ...options } of parts)
    await build({ ...common, ...options, outdir: `${outdir}.next`, entryPoints });
  await kernel;
  rmSync(join(root, outdir), { recursive: true, force: true });
  renameSync(join(root, `${outdir}.next`), join(root, outdir));
}

/** Scripts of pages that run models in a browser; the libraries they use come from the toolchain, by address. */
const pages = {
  entryPoints: Object.fromEntries(
    ['ort', 'tfjs', 'litert'].map((name) => [`browser/${name}`, `src/observe/browser/page/${name}.ts`]),
  ),
  platform: 'browser',
  target: 'es2022',
  banner: {},
};

await bundle(
  'dist',
  {
    entryPoints: {
      cli: 'src/cli.ts',
      index: 'src/index.ts',
      'kernel-worker': 'src/tensor/kernel/worker.ts',
    },
  },
  // In pieces: a runtime that nobody asks for costs the start of the host nothing.
  {
    entryPoints: { 'node-host': 'src/observe/node-host.ts' },
    splitting: true,
    chunkNames: 'node-host-[hash]',
  },
  { entryPoints: { program: 'src/program.ts' }, ...commonJs },
  pages,
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
