// Compiles the native part of @tensorflow/tfjs-node against the TensorFlow that the Python toolchain has installed. The
// package's own install script would fetch a binary without a hash, and TensorFlow 2.9 with it, from a host of its own.
// Node-API is the same in every Node, so its headers come as a package, and neither node-gyp nor Node's own are needed.
// `node build.js FOLDER '{"tensorflow": SITE_PACKAGES}'`; a failure that a user can mend is told as one JSON line on stdout.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [, , folder, needs] = process.argv;
const require = createRequire(join(folder, 'package.json'));
const tensorflow = join(JSON.parse(needs).tensorflow, 'tensorflow');

function fail(code, message, fix) {
  process.stdout.write(`${JSON.stringify({ code, message, fix })}\n`);
  process.exit(1);
}

/** The libraries as the wheel of a platform names them. */
const LIBRARIES = {
  linux: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  darwin: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
};
const names = LIBRARIES[process.platform];
if (names === undefined) {
  fail(
    'platform-unsupported',
    `tfjs-node is built on Linux and macOS; this is ${process.platform}`,
    'use the runtime `tfjs`, which needs no compiler, or run this in a Linux container',
  );
}
const libraries = names.map((name) => join(tensorflow, name));
const missing = libraries.find((path) => !existsSync(path));
if (missing !== undefined) fail('toolchain-build-failed', `${missing} is not there`, 'install the toolchain again: `onpar toolchain install tensorflow`');

const compiler = process.env.CXX || 'g++';
if (spawnSync(compiler, ['--version']).status !== 0) {
  fail(
    'compiler-missing',
    `tfjs-node is compiled from its sources, and there is no C++ compiler \`${compiler}\``,
    'install one (Debian: `apt-get install g++`; macOS: `xcode-select --install`), or name it in CXX',
  );
}

const home = dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(home, 'binding', name));
// Where the package will look for it, which depends on the Node-API that it was made for.
const binding = require('@mapbox/node-pre-gyp').find(join(home, 'package.json'));
mkdirSync(dirname(binding), { recursive: true });
const headers = [require('node-api-headers').include_dir, join(tensorflow, 'include')];
const { status, stderr } = spawnSync(
  compiler,
  [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...headers.map((path) => `-I${path}`),
    ...sources,
    ...libraries,
    // The wheel stays where it is: the folder of this build is named after it.
    `-Wl,-rpath,${tensorflow}`,
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...['-o', binding],
  ],
  { encoding: 'utf8' },
);
if (status !== 0) {
  process.stderr.write(stderr ?? '');
  fail('toolchain-build-failed', `${compiler} could not compile tfjs-node`, 'see its last lines below; it needs C++17 and the C++ standard library');
}
