// The first thing that runs in a fresh clone: plain Node, no packages. Installs what package-lock.json says (once),
// builds (when a source changed), and goes on with the task: demo, test, check, build, bench.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [task = '', ...rest] = process.argv.slice(2);
const say = (text) => process.stderr.write(`onpar: ${text}\n`);

function fail(text) {
  say(text);
  process.exit(3);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old; install Node 20.19 or newer`);
}

const sha = (data) => createHash('sha256').update(data).digest('hex');

/** npm's own entry file, so that no shell or .cmd wrapper stands between. */
function npm(args) {
  const own = process.env.npm_execpath;
  const [file, prefix] = own ? [process.execPath, [own]] : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
  return spawnSync(file, [...prefix, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !own && process.platform === 'win32',
  });
}

function installPackages() {
  const stamp = join(root, 'node_modules', '.onpar-lock');
  const wanted = sha(readFileSync(join(root, 'package-lock.json')));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing Node packages from package-lock.json (about 500 MB, once; install scripts stay off)');
  const result = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (result.status !== 0) fail('`npm ci` failed (see above): is the package registry reachable, is there disk space?');
  writeFileSync(stamp, wanted);
}

/** Every file that the build reads, by size and time: a changed source is seen without reading it. */
function sourceState() {
  const seen = [];
  const visit = (path) => {
    const stat = statSync(join(root, path));
    if (stat.isDirectory()) for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`);
    else seen.push(`${path} ${stat.size} ${stat.mtimeMs}`);
  };
  for (const path of [
    'src',
    'scripts/build.js',
    'scripts/string-width.js',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ])
    visit(path);
  return sha(seen.join('\n'));
}

function buildSources(force) {
  const stamp = join(root, 'build', '.stamp');
  const wanted = sourceState();
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('building');
  try {
    execFileSync(process.execPath, [join(root, 'scripts', 'build.js'), ...(force ? ['--types'] : [])], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
  } catch {
    fail('the build failed (see above)');
  }
  writeFileSync(stamp, wanted);
}

/** In this process: a second one would cost the demo a tenth of its time. */
async function cli(args) {
  process.argv = [process.execPath, join(root, 'dist', 'cli.js'), ...args];
  await import(pathToFileURL(join(root, 'dist', 'cli.js')).href);
}

function script(name) {
  const result = spawnSync(process.execPath, [join(root, 'scripts', name), ...rest], { cwd: root, stdio: 'inherit' });
  process.exit(result.status ?? 1);
}

checkNode();
installPackages();
buildSources(task === 'build');
if (task === 'demo') {
  process.chdir(root);
  await cli(['run', join('fixtures', 'demo', 'onpar.yaml'), '--out', join('reports', 'demo'), ...rest]);
} else if (task === 'test') script('test.js');
else if (task === 'check') script('check.js');
else if (task === 'bench') script('bench.js');
else if (task === 'bench:faults') script('bench-faults.js');
else if (task === 'compat') script('compat.js');
else if (task !== 'build')
  fail(`unknown task \`${task}\`; there are demo, test, check, build, bench, bench:faults, compat`);
