// onpar's side of kernel.bench.js, a process of its own: seconds of one comparison of two arrays in memory, as JSON.
import { measureOperands, prepareOperands, readTensorFile } from '../../build/dev.js';

const [reference, candidate] = process.argv.slice(2).map((path) => ({
  tensor: [...readTensorFile(path).values()][0],
  quantization: undefined,
}));
const started = performance.now();
const operands = prepareOperands(reference, candidate, false);
const { moments } = measureOperands(operands, reference.tensor.shape, () => ({ atol: 1e-5, rtol: 1.3e-6 }));
const seconds = (performance.now() - started) / 1000;
process.stdout.write(JSON.stringify({ seconds, measures: { maxAbs: moments.maxAbs, maxRel: moments.maxRel } }));
