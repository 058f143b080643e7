import { OnparError } from '../core/errors.ts';
import { bytesSource, type Source, withFile } from './bytes.ts';
import { parseNpy } from './npy.ts';
import type { NamedTensors, Tensor } from './tensor.ts';
import { readZipDirectory, readZipEntry } from './zip.ts';

/**
 * Reads an npz file, stored or deflated, in the order of its directory; names are those of the members without `.npy`.
 * OnparError `file-damaged` for a damaged zip, `tensor-file-invalid` for a member that is not npy, or a name that occurs twice.
 */
export const readNpz = (path: string): NamedTensors => withFile(path, (source, size) => readAll(source, size, path));

/** As `readNpz`, from bytes in memory. `file` stands for the path in errors. */
export const parseNpz = (bytes: Uint8Array, file: string): NamedTensors =>
  readAll(bytesSource(bytes), bytes.byteLength, file);

function readAll(source: Source, size: number, file: string): NamedTensors {
  const tensors = new Map<string, Tensor>();
  for (const entry of readZipDirectory(source, size, file)) {
    if (!entry.name.endsWith('.npy')) {
      throw new OnparError({
        code: 'tensor-file-invalid',
        message: `${file} is a zip but not an npz: it holds "${entry.name}", where every member should end in .npy`,
      });
    }
    const name = entry.name.slice(0, -'.npy'.length);
    if (tensors.has(name)) {
      throw new OnparError({ code: 'tensor-file-invalid', message: `${file} holds "${name}" twice` });
    }
    tensors.set(name, parseNpy(readZipEntry(source, size, entry, file), `${file} (${entry.name})`));
  }
  return tensors;
}
