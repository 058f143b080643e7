// ONNX's own backend node tests as files, made once per version of the script and of the onnx package.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, toolchainEnvironment } from '../lib/environments.js';

const script = join(root, 'bench', 'ops', 'make.py');
const converters = join(root, 'converters');

/** `{folder, onnx, cases}`; `names` empty: all of them. */
export async function opCases(names, say) {
  const { python } = await toolchainEnvironment('onnx');
  const lock = readFileSync(join(converters, 'onnx', 'requirements.lock'));
  const digest = createHash('sha256').update(readFileSync(script)).update(lock).update(names.join('\n')).digest('hex');
  const folder = join(process.env.ONPAR_BENCH_OPS ?? join(tmpdir(), 'onpar-bench-ops'), digest.slice(0, 12));
  const done = join(folder, 'done');
  if (!existsSync(done)) {
    say('writing the node tests of the onnx package');
    mkdirSync(folder, { recursive: true });
    const env = {
      ...process.env,
      PYTHONPATH: [join(converters, 'host'), join(converters, 'onnx')].join(process.platform === 'win32' ? ';' : ':'),
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONHASHSEED: '0',
    };
    await promisify(execFile)(python, ['-W', 'ignore', script, folder, ...names], { env, maxBuffer: 2 ** 26 });
    writeFileSync(done, '');
  }
  return { folder, ...JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) };
}
