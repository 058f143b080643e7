import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { withFile } from '../tensor/bytes.ts';
import { looksLikeZip, readZipDirectory } from '../tensor/zip.ts';
import { looksLikeHdf5, readHdf5Root } from './hdf5.ts';

export interface Description {
  /** Completes "FILE is …". */
  readonly what: string;
  readonly fix?: string;
}

/** Files that people take for models, by the bytes they start with (read as Latin-1). */
const KNOWN: readonly ({ readonly starts: (head: string) => boolean } & Description)[] = [
  {
    starts: (head) => head.startsWith('version https://git-lfs.'),
    what: 'a Git LFS pointer, not the file itself',
    fix: 'run `git lfs pull`',
  },
  {
    starts: (head) => /^\s*(<!doctype html|<html)/i.test(head),
    what: 'a web page',
    fix: 'the download failed: open the file in a browser to see why',
  },
  {
    starts: (head) => head.slice(4, 8) === 'ORTM',
    what: 'an ORT-format file of ONNX Runtime',
    fix: 'name the .onnx file that it was made from',
  },
  {
    starts: (head) => head.startsWith('binf') || head.startsWith('CONFIG-offset:'),
    what: 'an XGBoost model in the binary format that XGBoost 3.1 gave up',
    fix: "load it with the XGBoost that wrote it and save it anew: `booster.save_model('model.ubj')`",
  },
  {
    starts: (head) => head.startsWith('booster[0]:'),
    what: 'a dump of XGBoost, which is for reading and cannot be loaded',
    fix: "save the model itself: `booster.save_model('model.ubj')`",
  },
  {
    starts: (head) => /^\{\s*"name"\s*:\s*"tree"/.test(head),
    what: 'a dump of LightGBM (dump_model), which cannot be loaded',
    fix: "save the model itself: `booster.save_model('model.txt')`",
  },
  {
    // SavedModel: schema version 1, then a graph (tensorflow/core/protobuf/saved_model.proto).
    starts: (head) => head.startsWith('\x08\x01\x12'),
    what: 'the main file of a SavedModel under another name',
    fix: 'name the folder as it was written: saved_model.pb with variables/ beside it',
  },
  {
    starts: (head) => /^\s*node \{\s+name: "/.test(head),
    what: 'a TensorFlow graph written as text',
    fix: 'write it in binary: tf.io.write_graph(graph, folder, "model.pb", as_text=False)',
  },
  { starts: (head) => head.startsWith('GGUF'), what: 'a GGUF file' },
  { starts: (head) => head.startsWith('\x7fELF') || head.startsWith('MZ'), what: 'a program' },
  { starts: (head) => head.startsWith('%PDF'), what: 'a PDF' },
  { starts: (head) => head.startsWith('\x89PNG') || head.startsWith('\xff\xd8\xff'), what: 'a picture' },
  { starts: (head) => head.startsWith('\x1f\x8b'), what: 'a gzip archive', fix: 'unpack it first' },
];

/** Bytes of a text that an error quotes. */
const QUOTED = 24;

/** Says what a file of no known format is. Never throws for what the file holds. */
export function describeContent(path: string): Description {
  return withFile(path, (source, size): Description => {
    const head = source(0, Math.min(512, size));
    const latin1 = Buffer.from(head).toString('latin1');
    const known = KNOWN.find(({ starts }) => starts(latin1));
    if (known !== undefined) return known;
    if (looksLikeHdf5(head)) {
      const weights =
        readHdf5Root(source, size)?.attributes.has('layer_names') === true || /\.weights\.h5$/i.test(path);
      return {
        what: `an HDF5 file ${weights ? 'with weights of a Keras model but without its architecture' : 'without the configuration of a Keras model'}`,
        fix: 'name the code that builds the model and give this file as its weights: `source: keras:model.py:build` and `weights: FILE` in the suite; or save the whole model: model.save("model.keras")',
      };
    }
    if (looksLikeZip(head)) {
      const names = readZipDirectory(source, size, path).map(({ name }) => name);
      return {
        what: `a zip of ${names.slice(0, 4).join(', ') || 'nothing'}${names.length > 4 ? ' …' : ''}`,
        fix: 'if the model lies in it, unpack it first',
      };
    }
    const text = asText(head);
    if (text !== undefined) return { what: `a text file (first bytes ${JSON.stringify(text.slice(0, QUOTED))})` };
    const graph = path.replace(/\.bin$/i, '.xml');
    if (graph !== path && existsSync(graph))
      return { what: 'the weights of an OpenVINO IR', fix: `name the graph beside it, ${basename(graph)}` };
    const bytes = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return { what: `a binary file of an unknown kind (first bytes ${bytes})` };
  });
}

/** The bytes as text, or undefined when they hold control characters or are not UTF-8. */
function asText(head: Uint8Array): string | undefined {
  try {
    // `stream` forgives a character that the end of the head cuts in two.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
