import { OnparError } from '../core/errors.ts';
import type { Dtype } from './dtype.ts';

export interface NpyHeader {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes of one stored element; for strings 4 a character (`U`) or 1 a byte (`S`). */
  readonly itemSize: number;
  readonly kind: 'number' | 'U' | 'S';
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly dataStart: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether these bytes start an npy file. */
export const looksLikeNpy = (head: Uint8Array): boolean => MAGIC.every((byte, i) => head[i] === byte);

const DTYPES: Readonly<Record<string, Dtype>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u8: 'uint64',
  u4: 'uint32',
  u2: 'uint16',
  u1: 'uint8',
  b1: 'bool',
};

/** What cannot be read, by the first letter of the type, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  O: 'Python objects, which are a pickle: save numbers or strings',
  V: 'raw or structured elements (bfloat16 arrays are saved so): save float32, or use safetensors',
  c: 'complex numbers: save real and imaginary parts as an axis',
  M: 'dates: save them as int64',
  m: 'time spans: save them as int64',
};

/**
 * Parses the header of an npy file, versions 1 to 3 (numpy.lib.format). `bytes` is the file or at least its header.
 * OnparError `tensor-file-invalid` names the file and what is wrong.
 */
export function parseNpyHeader(bytes: Uint8Array, file: string): NpyHeader {
  const bad = (what: string): never => {
    throw new OnparError({ code: 'tensor-file-invalid', message: `${file} is not a readable npy file: ${what}` });
  };
  if (!looksLikeNpy(bytes)) return bad('it does not start with \\x93NUMPY');
  if (bytes.byteLength < 12) return bad('truncated header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) return bad(`version ${version}; known are 1, 2 and 3`);
  const start = version === 1 ? 10 : 12;
  const dataStart = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > bytes.byteLength) return bad('truncated header');
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(start, dataStart));

  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  if (descr === undefined)
    return bad(/'descr'\s*:\s*\[/.test(text) ? `it holds ${REFUSED.V}` : 'its header has no descr');
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1] ?? bad('its header has no fortran_order');
  // numpy on Python 2 wrote sizes as longs: (3L, 4L).
  const dims = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(text)?.[1] ?? bad('its header has no shape');
  const shape = (dims.match(/\d+/g) ?? []).map(Number);

  const [, order = '', letter = '', digits = ''] = /^([<>|=]?)([a-zA-Z])(\d*)/.exec(descr) ?? [];
  const common = { shape, bigEndian: order === '>', fortranOrder: fortran === 'True', dataStart };
  if (letter === 'U') return { ...common, dtype: 'string', kind: 'U', itemSize: Number(digits) * 4 };
  if (letter === 'S' || letter === 'a') return { ...common, dtype: 'string', kind: 'S', itemSize: Number(digits) };
  const dtype = DTYPES[letter + digits];
  if (dtype !== undefined) return { ...common, dtype, kind: 'number', itemSize: Number(digits) };
  const refused = REFUSED[letter];
  return bad(refused === undefined ? `its element type ${descr} is not supported` : `it holds ${refused}`);
}

/** The header of a version 1 (ASCII) file, padded so that the data starts at a multiple of 64, as numpy pads it. */
export function makeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const header = new Uint8Array(length).fill(0x20);
  header.set([...MAGIC, 1, 0, (length - 10) & 0xff, (length - 10) >> 8]);
  header.set(new TextEncoder().encode(dict), 10);
  header[length - 1] = 0x0a;
  return header;
}
