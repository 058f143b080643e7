// The zoo: what is converted, and how each exporter is asked.
import { HUGGINGFACE_MODES, TEXTS_AND_IMAGES } from './texts-and-images.js';

const float = (...shape) => ({ dtype: 'float32', shape });
const image = { x: float('batch', 3, 8, 8) };
const rows = { x: float('batch', 6, 8) };
const tokens = (dtype) => ({ x: { dtype, shape: ['batch', 6], range: [0, 49] } });

/** Function of `fixtures/zoo/torch_layers.py` → its inputs. */
const TORCH = {
  conv2d: image,
  batch_norm: image,
  attention: rows,
  lstm: rows,
  resize: image,
  gelu: rows,
  depthwise: image,
  transposed_conv: image,
  conv1d: { x: float('batch', 4, 12) },
  max_pool_ceil: image,
  avg_pool: image,
  adaptive_pool: image,
  layer_norm: rows,
  group_norm: image,
  gru: rows,
  embedding: tokens('int64'),
  activations: rows,
  softmax_axis: rows,
  gather_scatter: { x: float('batch', 6, 8), index: { dtype: 'int64', shape: ['batch', 6, 4], range: [0, 7] } },
  cumsum: rows,
  topk: rows,
  einsum: rows,
  grid_sample: image,
  padding: image,
  reshape_mask: rows,
};

/** Sizes that are all numbers, as litert-torch wants them. */
const FOUR_IMAGES = { x: float(4, 3, 8, 8) };
const FOUR_ROWS = { x: float(4, 6, 8) };
const TORCH_FIXED = { conv2d: FOUR_IMAGES, attention: FOUR_ROWS, lstm: FOUR_ROWS, depthwise: FOUR_IMAGES };

/** Function of `fixtures/zoo/jax_functions.py` → its inputs. */
const JAX = {
  conv2d: { x: float('batch', 8, 8, 3) },
  attention: rows,
  layer_norm: rows,
  recurrence: rows,
  gather: tokens('int32'),
  cumsum_topk: rows,
  resize: { x: float(2, 8, 8, 3) },
};

/** Data for calibration, drawn by bases.py. */
const TORCH_DATA = {
  conv2d: 'bases/pictures.npz',
  depthwise: 'bases/pictures.npz',
  batch_norm: 'bases/pictures.npz',
  attention: 'bases/rows.npz',
  lstm: 'bases/rows.npz',
};
const KERAS_DATA = {
  conv2d: 'bases/images.npz',
  batch_norm: 'bases/images.npz',
  attention: 'bases/rows.npz',
  lstm: 'bases/rows.npz',
};
/** Functions of `fixtures/zoo/keras_layers.py`; Keras says itself what they take, except which tokens are legal. */
const KERAS = [
  'conv2d',
  'batch_norm',
  'attention',
  'lstm',
  'resize',
  'gelu',
  'depthwise',
  'transposed_conv',
  'conv1d',
  'pooling',
  'layer_norm',
  'group_norm',
  'gru',
  'bidirectional',
  'embedding',
  'activations',
  'softmax_axis',
  'einsum',
  'cumsum_topk',
  'gather_pad',
];

const iris = { x: { ...float('batch', 4), range: [0, 8] } };
const diabetes = { x: { ...float('batch', 4), range: [-3, 3] } };
/** Function of `fixtures/zoo/sklearn_models.py` → its inputs. */
const SKLEARN = {
  logistic_regression: iris,
  random_forest: iris,
  gradient_boosting: iris,
  hist_gradient_boosting: diabetes,
  extra_trees: diabetes,
  svc: iris,
  svr: diabetes,
  nearest_neighbours: iris,
  naive_bayes: iris,
  neural_network: iris,
  principal_components: diabetes,
  k_means: iris,
};

const title = (name) => name.replaceAll('_', ' ');
const cased = (format, names, make) =>
  Object.fromEntries(
    names.map((name) => [`${format}-${name.replaceAll('_', '-')}`, { format, about: title(name), ...make(name) }]),
  );

/** The base that every exporter and mode is tried on: one that makes sense in eight bits. */
const FIRST = ['cnn', 'encoder'];
const dataOf = (all, name) => (all[name] ? { data: all[name] } : {});
const only = (all, names) => Object.fromEntries(names.map((name) => [name, all[name]]));

/** Case id → `{format, about, case, data?}`; `bases` are those of bases.py. */
export function zoo(bases) {
  return {
    ...cased('pytorch', Object.keys(TORCH), (name) => ({
      ...dataOf(TORCH_DATA, name),
      case: { source: `pytorch:zoo/torch_layers.py:${name}`, inputs: TORCH[name] },
    })),
    ...cased('keras', KERAS, (name) => ({
      ...dataOf(KERAS_DATA, name),
      case: {
        source: `keras:zoo/keras_layers.py:${name}`,
        ...(name === 'embedding' ? { inputs: { x: { range: [0, 49] } } } : {}),
      },
    })),
    'keras-conv2d-fixed': {
      format: 'keras',
      about: 'conv2d of one picture',
      fixed: true,
      case: { source: 'keras:zoo/keras_layers.py:conv2d', inputs: { x: float(1, 8, 8, 3) } },
    },
    ...cased('sklearn', Object.keys(SKLEARN), (name) => ({
      case: { source: `sklearn:zoo/sklearn_models.py:${name}`, inputs: SKLEARN[name] },
    })),
    'xgboost-early-stopping': { format: 'xgboost', about: 'boosted trees', case: { source: 'models/xgb-early.ubj' } },
    'lightgbm-classes': { format: 'lightgbm', about: 'boosted trees', case: { source: 'models/lgb-multi.txt' } },
    ...Object.fromEntries(
      Object.entries(TORCH_FIXED).map(([name, inputs]) => [
        `pytorch-${name}-fixed`,
        {
          format: 'pytorch',
          about: `${name} of four`,
          fixed: true,
          ...dataOf(TORCH_DATA, name),
          case: { source: `pytorch:zoo/torch_layers.py:${name}`, inputs },
        },
      ]),
    ),
    ...cased('jax', Object.keys(JAX), (name) => ({
      case: { source: `jax:zoo/jax_functions.py:${name}`, inputs: JAX[name] },
    })),
    ...TEXTS_AND_IMAGES,
    'graphdef-frozen': { format: 'graphdef', about: 'frozen TensorFlow graph', case: { source: 'models/frozen.pb' } },
    ...Object.fromEntries(
      Object.entries({ ...only(bases, FIRST), ...bases }).map(([name, { about, inputs, dims, ties }]) => [
        `onnx-${name.replaceAll('_', '-')}`,
        {
          format: 'onnx',
          about,
          data: `bases/${name}/data.npz`,
          case: {
            source: `bases/${name}/model.onnx`,
            ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
            ...(Object.keys(ties).length > 0 ? { ties } : {}),
            dims,
          },
        },
      ]),
    ),
  };
}

/**
 * Ways to ask an exporter: `name` stands behind the exporter's own; `lower` declares a precision and judges by its preset;
 * `calibrated` gives data, and judges by CALIBRATED on them alone; `only` names the format that it can do; `images` is for models of pictures; `fixed` is for models whose sizes are all
 * numbers, which are asked in no other way. Whoever is not here is asked without options.
 */
export const MODES = {
  'torch-onnx': [{}, { name: 'legacy', options: { dynamo: false }, only: 'pytorch' }],
  'litert-torch': [
    { fixed: true },
    { name: 'nhwc', options: { channelLastInputs: true }, fixed: true, images: true },
    { name: 'float16', options: { precision: 'float16' }, lower: 'float16', fixed: true },
    { name: 'dynamic-range', options: { precision: 'dynamic-range' }, lower: 'int8', fixed: true },
    { name: 'int8', options: { precision: 'int8' }, calibrated: true, fixed: true },
  ],
  'openvino-torch': [
    {},
    { name: 'export', options: { method: 'export' }, only: 'pytorch' },
    { name: 'int8', options: { precision: 'int8' }, calibrated: true },
  ],
  jax2onnx: [{}, { name: 'opset21', options: { opset: 21 } }],
  'huggingface-onnx': HUGGINGFACE_MODES,
  torchscript: [{}, { name: 'script', options: { method: 'script' } }],
  'tf-tflite': [
    {},
    { name: 'float16', options: { precision: 'float16' }, lower: 'float16' },
    { name: 'dynamic-range', options: { precision: 'dynamic-range' }, lower: 'int8' },
    { name: 'int8', options: { precision: 'int8' }, calibrated: true },
    { name: 'int8-float-io', options: { precision: 'int8', io: 'float32' }, calibrated: true },
    { name: 'int16x8', options: { precision: 'int16x8' }, calibrated: true },
    { name: 'static', options: { staticShapes: true }, fixed: true },
  ],
  openvino: [
    {},
    { name: 'float16', options: { precision: 'float16' }, lower: 'float16' },
    { name: 'int8', options: { precision: 'int8' }, calibrated: true },
  ],
  'onnx-optimize': ['basic', 'extended', 'all'].map((level) => ({ name: level, options: { level } })),
  'onnx-opset': [
    { name: 'up', options: { opset: 23 } },
    { name: 'down', options: { opset: 16 } },
  ],
  'onnx-float16': [
    { name: 'whole', lower: 'float16' },
    { name: 'inside', options: { keepIo: true }, lower: 'float16' },
  ],
  'onnx-quantize-dynamic': [{ name: 'int8', lower: 'int8' }],
  'onnx-quantize-static': [{ name: 'qdq', options: { perChannel: true }, calibrated: true }],
};

/**
 * With activations in 8 bits a layer of a few units keeps what clipping leaves of it: these copies are judged as signals. 15 dB
 * is an error of 18 % of the scale; NNCF, which cuts activations at the mean of the rows' maxima, leaves 18 dB of 16 units.
 */
export const CALIBRATED = 'sqnrDb > 15';

/** OpenVINO's own default is bfloat16 on processors that are fast at it. */
export const RUNTIME_OPTIONS = { openvino: { inferencePrecision: 'f32' } };

/** Models of a format that every mode and every runtime is tried on; the others go through the plain mode and two runtimes. */
export const WHOLE = 2;

/** How many samples each model answers, unless it says otherwise. */
export const SAMPLES = 'portfolio:6';

/** Whether rounding or a fault made a difference is found without searching for its first layer. */
export const RUN_OPTIONS = ['--no-deep'];

const toOpenvino = { chain: ['torch-onnx', 'onnx-simplify', 'openvino'], to: 'openvino', runtime: 'openvino' };
const toOptimised = { chain: ['sklearn-onnx', 'onnx-optimize'], to: 'onnx', runtime: 'onnxruntime-node' };
const toTflite = { chain: ['keras-savedmodel', 'tf-tflite'], to: 'tflite', runtime: 'litert' };

/** Model → exporters one behind the other. */
export const CHAINS = {
  'pytorch-conv2d': [toOpenvino],
  'pytorch-attention': [toOpenvino],
  'keras-conv2d': [toTflite],
  'keras-attention': [toTflite],
  'sklearn-logistic-regression': [toOptimised],
  'sklearn-random-forest': [toOptimised],
};

const OLDER = ['onnxruntime@1.30.0', 'onnxruntime@1.17.3', 'onnxruntime-node@1.22.0', 'onnxruntime-web@1.29.0'];

/** Model → runtimes in other versions than those of the toolchains. */
export const VERSIONS = { 'onnx-cnn': OLDER, 'onnx-encoder': OLDER };
