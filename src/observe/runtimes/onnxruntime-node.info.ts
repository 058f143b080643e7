import type { RuntimeInfo } from '../../records/catalogue.ts';

/** What planning knows of onnxruntime-node without loading its 44 MB library. */
export const ONNXRUNTIME_NODE: RuntimeInfo = {
  name: 'onnxruntime-node',
  formats: ['onnx'],
  toolchain: 'node',
  isReference: true,
  package: 'onnxruntime-node',
  unoptimised: { graphOptimizationLevel: 'disabled' },
  options: {
    graphOptimizationLevel: {
      enum: ['disabled', 'basic', 'extended', 'layout', 'all'],
      default: 'all',
      description: 'Graph optimisations',
    },
    intraOpNumThreads: { type: 'integer', description: 'Threads inside an operator; default: all cores' },
    interOpNumThreads: { type: 'integer', description: 'Threads between operators' },
    device: {
      enum: ['cpu', 'cuda', 'tensorrt'],
      default: 'cpu',
      description: 'cuda, tensorrt: an NVIDIA GPU, on Linux x64 alone (docs/gpu.md; not verified on a GPU)',
    },
    deviceId: { type: 'integer', default: 0, description: 'Which GPU, as CUDA counts them' },
    executionMode: { enum: ['sequential', 'parallel'], default: 'sequential' },
  },
};
