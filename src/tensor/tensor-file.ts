import { parse } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { withFile } from './bytes.ts';
import { readNpy } from './npy.ts';
import { looksLikeNpy } from './npy-header.ts';
import { readNpz } from './npz.ts';
import { looksLikeSafetensors, readSafetensors } from './safetensors.ts';
import type { NamedTensors } from './tensor.ts';
import { looksLikeZip } from './zip.ts';

/**
 * Reads an npy, npz or safetensors file, told apart by content. The tensor of an npy file is named after the file.
 * OnparError `file-missing`, `file-damaged` or `tensor-file-invalid` names the file and what was found in it.
 */
export function readTensorFile(path: string): NamedTensors {
  const head = withFile(path, (source, size) => source(0, Math.min(16, size)));
  if (looksLikeNpy(head)) return new Map([[parse(path).name, readNpy(path)]]);
  if (looksLikeZip(head)) return readNpz(path);
  if (looksLikeSafetensors(head)) return readSafetensors(path);
  const found = head.byteLength === 0 ? 'it is empty' : `it starts with ${hex(head.subarray(0, 8))}`;
  throw new OnparError({
    code: 'tensor-file-invalid',
    message: `${path} is not a tensor file: ${found}`,
    fix: 'use npy, npz or safetensors',
  });
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');
