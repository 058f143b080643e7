import { answered, type CatalogueEntry, entry } from './entry.ts';

/** Findings on what a worker answers instead of a result (docs/worker-protocol.md). */
export const ANSWERS = {
  'version-unknown': answered('The registry has no such version of the package, or none for this Python and system.'),
  'versions-incompatible': answered(
    'Packages of one environment do not fit together: a version that another one does not allow, or was not built for.',
  ),
  'package-missing': answered('The environment lacks a package that the model, exporter or runtime needs.'),
  'model-file-missing': answered('The model’s path does not exist.'),
  'model-load-failed': answered('The file is not what it claims to be, or the framework refused it.'),
  'model-code-failed': answered('The user’s Python raised while the model was built.'),
  'model-not-returned': answered('The callable returned something else than a model.'),
  'callable-missing': answered('The file has no function of that name.'),
  'weights-mismatch': answered('The weights do not fit the model.'),
  'trust-required': answered(
    'The file is a pickle, and loading one runs code. Set `trust: true` if you know where it comes from.',
  ),
  'input-mismatch': answered('A sample’s names, dtypes or shapes were refused.'),
  'run-failed': answered('The model raised on a sample.'),
  'export-failed': answered('The exporter raised.'),
  'calibration-missing': answered(
    'Integer quantisation takes the ranges of activations from typical inputs, and none were given. Name files with the option `calibration`.',
  ),
  'operator-unsupported': answered(
    'The exporter has no counterpart in the target format for an operator of the model, or the runtime has no kernel for it with these types.',
  ),
  'opset-unsupported': answered('The model is of an opset or IR version that this runtime does not read yet.'),
  'type-unsupported': answered(
    'An input or output is of a type that the runtime does not pass or that no tensor file holds: float8, int4; in Node a sequence, map or optional.',
  ),
  'operator-missing': answered(
    'The runtime has no kernel for an operator of the model. The message names operator and version, the fix what would support it.',
  ),
  'dynamic-unsupported': answered('The runtime takes fixed sizes only, and the model has dimensions that are dynamic.'),
  'dtype-unsupported': answered('The runtime does not pass an element type that the model takes or gives.'),
  'signature-missing': answered('The SavedModel has no signatures, so nothing in it can be called by name.'),
  'signature-unknown': answered(
    'The SavedModel has no signature of the name that was asked for, or several where none was named. The message lists them.',
  ),
  'graph-endpoints': answered(
    'What a frozen graph takes and gives cannot be told, or it has no tensor of a name that was given. Name them with the options `inputs` and `outputs`.',
  ),
  'option-unknown': answered('The exporter or runtime has no such option.'),
  'unknown-runtime': answered('The toolchain does not offer this runtime.'),
  'unknown-exporter': answered('The toolchain does not offer this exporter.'),
  'unknown-verb': answered('The worker does not know this request: its toolchain is of another version.'),
  'unknown-session': answered('The worker does not know this session; it was closed or never opened.'),
  'bad-request': answered('The request itself is wrong.'),
  'worker-crashed': answered('The process that ran the model was killed by a signal.'),
  'page-crashed': answered('The browser’s page that ran the model crashed, most often for lack of memory.'),
  'worker-exited': answered('The process that ran the model ended before it answered.'),
  'worker-timeout': answered('No answer came within the time limit. Raise `timeout:` if the model is only slow.'),
  'worker-out-of-memory': answered('The process that ran the model used more memory than it may.'),
  'worker-garbage': answered('The process that ran the model answered something that is no answer.'),
  'worker-start-failed': answered('The process that runs the model could not be started.'),
  'golden-inputs': answered(
    'A golden file lacks inputs of the model, or nothing tells which of its tensors are inputs.',
  ),
  'served-address': answered('The address of a served model is not one of the protocol that it was named for.'),
  'served-unreachable': answered(
    'The server of a model cannot be reached: it is down, or host, port or certificate are wrong.',
  ),
  'served-timeout': answered(
    'The server gave no answer in time. Raise the option `timeout` if the model is only slow.',
  ),
  'served-not-ready': answered('The server or the model says that it is not ready. The option `wait` gives it time.'),
  'served-model-unknown': answered('The server has no model, or no version of it, of that name.'),
  'served-refused': answered('The server wants a token or does not let this one in. Give it by the option `headers`.'),
  'served-failed': answered('The server answered with an error.'),
  'served-garbage': answered(
    'The server’s answer is not what its protocol says: a web page, broken JSON, tensors that do not add up.',
  ),
  'served-redirected': answered('The server sends us elsewhere, which onpar does not follow.'),
  'served-oversized': answered(
    'An answer, or what was sent, is larger than may be. The option `maxMegabytes` bounds answers.',
  ),
  'served-value-lost': answered(
    'The answer cannot hold a value: NaN or an infinity written as null, bytes that are no text.',
  ),
  'internal-error': entry(
    'error',
    'A bug in onpar, not in the model: the run ends with exit code 70. Please report it with the stack that stands beside it.',
    (w, a) => `${w}: a bug in onpar, sorry; please report it: ${String(a.message)}`,
  ),
  'no-conversion': entry(
    'error',
    'The selection is empty, so nothing was proven.',
    (w) => `${w}: no conversion was selected, so nothing is proven`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
