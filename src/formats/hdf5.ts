import type { Source } from '../tensor/bytes.ts';

/** What the root group of an HDF5 file says about itself. */
export interface Hdf5Root {
  readonly attributes: ReadonlySet<string>;
  /** False: the file keeps attributes where this reader does not look (a fractal heap, a shared message). */
  readonly complete: boolean;
}

const SIGNATURE = '\x89HDF\r\n\x1a\n';
/** Header messages by type (HDF5 File Format Specification 3.0, IV.A.2). */
const ATTRIBUTE = 0x0c;
const CONTINUATION = 0x10;
const ATTRIBUTE_INFO = 0x15;
/** Bit 1 of a message's flags: its content lies elsewhere. */
const SHARED = 2;
/** Blocks of one object header that are followed; more is a loop or no HDF5. */
const BLOCKS = 64;

/** The first eight bytes of an HDF5 file (specification, II.A). */
export const looksLikeHdf5 = (head: Uint8Array): boolean => latin1(head.subarray(0, 8)) === SIGNATURE;

/**
 * Names of the root group's attributes, read from the file's header alone: superblocks 0 to 3, object headers 1 and 2.
 * Undefined where the file is cut off or not as the specification has it.
 */
export function readHdf5Root(source: Source, size: number): Hdf5Root | undefined {
  const bytes = (at: number, length: number): Buffer => {
    if (at < 0 || length < 0 || at + length > size) throw new RangeError('outside the file');
    return Buffer.from(source(at, length));
  };
  try {
    return rootOf(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Bytes = (at: number, length: number) => Buffer;

interface Layout {
  readonly bytes: Bytes;
  /** Sizes of addresses and of lengths, in bytes. */
  readonly offsets: number;
  readonly lengths: number;
}

function rootOf(bytes: Bytes): Hdf5Root {
  const version = bytes(8, 1)[0] as number;
  const old = version < 2;
  const [offsets, lengths] = [...bytes(old ? 13 : 9, 2)] as [number, number];
  if (version > 3 || ![2, 4, 8].includes(offsets) || ![2, 4, 8].includes(lengths))
    throw new RangeError('no superblock');
  // Four addresses, then the root group's entry, whose second field is what is wanted; three addresses, then it itself.
  const at = old ? (version === 0 ? 24 : 28) + 5 * offsets : 12 + 3 * offsets;
  return attributesOf(unsigned(bytes(at, offsets)), { bytes, offsets, lengths });
}

interface Block {
  readonly start: number;
  readonly end: number;
}

function attributesOf(header: number, layout: Layout): Hdf5Root {
  const { bytes, offsets, lengths } = layout;
  const { block, prefix, second } = headerOf(header, bytes);
  const attributes = new Set<string>();
  let complete = true;
  const blocks: Block[] = [block];
  for (let i = 0; i < blocks.length; i++) {
    if (i >= BLOCKS) throw new RangeError('too many blocks');
    const { start, end } = blocks[i] as Block;
    for (let at = start; at + prefix <= end; ) {
      const head = bytes(at, prefix);
      const type = second ? (head[0] as number) : head.readUInt16LE(0);
      const length = head.readUInt16LE(second ? 1 : 2);
      const flags = head[second ? 3 : 4] as number;
      const content = bytes(at + prefix, length);
      if (type === CONTINUATION) {
        const from = unsigned(content.subarray(0, offsets));
        const to = from + unsigned(content.subarray(offsets, offsets + lengths));
        // Version 2 sets the block between a signature and a checksum of four bytes each.
        blocks.push(second ? { start: from + 4, end: to - 4 } : { start: from, end: to });
      } else if (type === ATTRIBUTE) {
        if ((flags & SHARED) !== 0) complete = false;
        else attributes.add(nameOf(content));
      } else if (type === ATTRIBUTE_INFO) {
        const heap = content.subarray(2 + ((content[1] as number) & 1 ? 2 : 0)).subarray(0, offsets);
        // An address of all ones is none.
        if (heap.some((byte) => byte !== 0xff)) complete = false;
      }
      at += prefix + length;
    }
  }
  return { attributes, complete };
}

/** The first block of an object header, how long the prefix of its messages is, and whether it is of version 2. */
function headerOf(at: number, bytes: Bytes): { block: Block; prefix: number; second: boolean } {
  const head = bytes(at, 16);
  if (head[0] === 1) {
    return { block: { start: at + 16, end: at + 16 + head.readUInt32LE(8) }, prefix: 8, second: false };
  }
  const flags = head[5] as number;
  if (latin1(head.subarray(0, 4)) !== 'OHDR' || head[4] !== 2) throw new RangeError('no object header');
  const sizeAt = at + 6 + ((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4);
  const sizeBytes = 1 << (flags & 3);
  const start = sizeAt + sizeBytes;
  const end = start + unsigned(bytes(sizeAt, sizeBytes));
  return { block: { start, end }, prefix: (flags & 4) === 0 ? 4 : 6, second: true };
}

/** Name of an attribute message (specification, IV.A.2.m): behind 8 bytes, or 9 from version 3 on; it ends with a zero. */
function nameOf(content: Buffer): string {
  const start = (content[0] as number) >= 3 ? 9 : 8;
  const name = content.subarray(start, start + content.readUInt16LE(2));
  const end = name.indexOf(0);
  return name.subarray(0, end < 0 ? undefined : end).toString('utf8');
}

/** Little-endian; addresses beyond 2^53 lose precision and are outside any file. */
const unsigned = (bytes: Uint8Array): number => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
