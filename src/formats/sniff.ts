import { type Source, withFile } from '../tensor/bytes.ts';
import { looksLikeNpy } from '../tensor/npy-header.ts';
import { looksLikeSafetensors } from '../tensor/safetensors.ts';
import { looksLikeZip, readZipDirectory } from '../tensor/zip.ts';
import { looksLikeGraphDef } from './graphdef.ts';
import { looksLikeHdf5, readHdf5Root } from './hdf5.ts';
import { looksLikeOnnx } from './onnx/sniff.ts';
import { formatOfBooster } from './sniff-booster.ts';
import { sniffPickle } from './sniff-pickle.ts';
import { looksLikeTfjs } from './sniff-tfjs.ts';
import { formatOfZip } from './sniff-zip.ts';
import type { Sniffed } from './sniffed.ts';

/** Enough for every signature, the start of an XML or JSON file, and the first block of a compressed pickle. */
const HEAD_BYTES = 4096;

/** The root element of an OpenVINO IR, behind a byte order mark, the XML declaration and comments. */
const OPENVINO = /^(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*>|<!--[\s\S]*?-->)*<net[\s>]/;

/** tokenizer.json as the tokenizers library writes it: these keys come first, in this order. */
const TOKENIZER = /^(?:\xef\xbb\xbf)?\s*\{\s*"version"\s*:\s*"[^"]*"\s*,\s*"truncation"\s*:/;

/** Finds a file's format from its content; undefined when none fits. The name is used only where bytes cannot tell. */
export function sniffFile(path: string): Sniffed | undefined {
  return withFile(path, (source, size) => {
    const head = source(0, Math.min(HEAD_BYTES, size));
    if (looksLikeNpy(head) || looksLikeSafetensors(head)) return { format: 'tensors' };
    if (looksLikeZip(head)) {
      const format = formatOfZip(readZipDirectory(source, size, path).map(({ name }) => name));
      if (format === undefined) return undefined;
      // An exported program holds its guards as Python expressions (torch/export/_unlift.py).
      return format === 'torch-export' ? { format, pickle: true } : { format };
    }
    const signature = ascii(head.subarray(4, 8));
    if (signature === 'TFL3') return { format: 'tflite' };
    // executorch/schema/program.fbs: the number counts breaking changes of the format.
    if (signature === 'ET12') return { format: 'executorch' };
    if (looksLikeHdf5(head)) return isKerasHdf5(source, size) ? { format: 'keras' } : undefined;
    const text = ascii(head);
    if (OPENVINO.test(text)) return { format: 'openvino' };
    if (looksLikeTfjs(source, size, path)) return { format: 'tfjs' };
    if (/^\s*\{\s*"preprocess"\s*:/.test(text)) return { format: 'preprocess' };
    if (/^\s*\{\s*"audio"\s*:/.test(text)) return { format: 'audio' };
    if (TOKENIZER.test(text)) return { format: 'tokenizer' };
    const booster = formatOfBooster(text);
    if (booster !== undefined) return { format: booster };
    const pickle = sniffPickle(head, path);
    if (pickle !== undefined) return pickle;
    if (looksLikeOnnx(source, size)) return { format: 'onnx' };
    return looksLikeGraphDef(source, size) ? { format: 'graphdef' } : undefined;
  });
}

/** A whole model holds its configuration (keras/src/legacy/saving/legacy_h5_format.py); where it cannot be told, Keras tells. */
function isKerasHdf5(source: Source, size: number): boolean {
  const root = readHdf5Root(source, size);
  return root === undefined || !root.complete || root.attributes.has('model_config');
}

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
