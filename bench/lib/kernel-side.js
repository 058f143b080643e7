// onpar's side of kernel.bench.js, a process of its own: seconds of one comparison of two arrays, as JSON. They lie in files,
// as large tensors do in onpar, and reading them counts; `memory` as a third argument reads them before.
import { measureOperands, openTensorFile, prepareOperands, readTensorFile } from '../../build/dev.js';

const [a, b, place] = process.argv.slice(2);
const read = place === 'memory' ? readTensorFile : (path) => openTensorFile(path, { verify: true });
const early = place === 'memory' ? [read(a), read(b)] : null;
const started = performance.now();
const [reference, candidate] = (early ?? [read(a), read(b)]).map((tensors) => ({
  tensor: [...tensors.values()][0],
  quantization: undefined,
}));
const operands = prepareOperands(reference, candidate, false);
const { moments } = measureOperands(operands, reference.tensor.shape, () => ({ atol: 1e-5, rtol: 1.3e-6 }));
const seconds = (performance.now() - started) / 1000;
process.stdout.write(JSON.stringify({ seconds, measures: { maxAbs: moments.maxAbs, maxRel: moments.maxRel } }));
