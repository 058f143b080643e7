// The same question asked of both: do two ONNX files answer alike on one sample?
import { againstPolygraphy } from './lib/squeezenet.js';

export const run = (options) =>
  againstPolygraphy({ ...options, name: 'compare', options: ['--samples', '1'], goal: 0.5 });
export const runs = 15;
