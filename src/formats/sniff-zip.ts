import type { Format } from './known.ts';

/** Arrays are named by number, what only its own class can read by UUID (skops/io/_numpy.py, _general.py). */
const SKOPS = /^(schema\.json|\d+\.np[yz]|[\da-f-]{36}\.bin)$/;

/**
 * What kind of zip has these members. PyTorch puts everything into one folder named after the file:
 * caffe2/serialize/inline_container.cc for TorchScript (`constants.pkl`, `code/`) and torch.save (`data.pkl`),
 * torch/export/pt2_archive/constants.py for torch.export (`archive_format`). Keras 3: keras/src/saving/saving_lib.py.
 * skops (skops/io/_persist.py) numbers what does not fit into its schema.json; it holds an estimator, and no pickle.
 */
export function formatOfZip(names: readonly string[]): Format | undefined {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/^config\.json$/) && has(/^model\.weights\.(h5|npz|json)$/)) return 'keras';
  if (has(/^([^/]+\/)?constants\.pkl$/) && has(/^([^/]+\/)?code\//)) return 'torchscript';
  if (has(/^([^/]+\/)?archive_format$/) || has(/^([^/]+\/)?serialized_exported_program\.json$/)) return 'torch-export';
  if (has(/^([^/]+\/)?data\.pkl$/)) return 'pytorch';
  if (has(/^schema\.json$/) && names.every((name) => SKOPS.test(name))) return 'sklearn';
  if (names.length > 0 && names.every((name) => name.endsWith('.npy'))) return 'tensors';
  return undefined;
}
