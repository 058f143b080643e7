import { withFile } from '../tensor/bytes.ts';
import { looksLikeNpy } from '../tensor/npy-header.ts';
import { looksLikeSafetensors } from '../tensor/safetensors.ts';
import { looksLikeZip, readZipDirectory } from '../tensor/zip.ts';
import { looksLikeOnnx } from './onnx/sniff.ts';
import { formatOfBooster } from './sniff-booster.ts';
import { sniffPickle } from './sniff-pickle.ts';
import { formatOfZip } from './sniff-zip.ts';
import type { Sniffed } from './sniffed.ts';

/** Enough for every signature, the start of an XML or JSON file, and the first block of a compressed pickle. */
const HEAD_BYTES = 4096;

/** The root element of an OpenVINO IR, behind a byte order mark, the XML declaration and comments. */
const OPENVINO = /^(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*>|<!--[\s\S]*?-->)*<net[\s>]/;

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
    // HDF5: the first eight bytes of its superblock.
    if (ascii(head.subarray(0, 8)) === '\x89HDF\r\n\x1a\n') return { format: 'keras' };
    const text = ascii(head);
    if (OPENVINO.test(text)) return { format: 'openvino' };
    if (/^\s*\{/.test(text) && /"(modelTopology|weightsManifest)"|"format"\s*:\s*"(graph|layers)-model"/.test(text))
      return { format: 'tfjs' };
    const booster = formatOfBooster(text);
    if (booster !== undefined) return { format: booster };
    return sniffPickle(head, path) ?? (looksLikeOnnx(source, size) ? { format: 'onnx' } : undefined);
  });
}

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
