import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { makeFolder } from '../core/folders.ts';
import { sha256 } from '../core/hash.ts';
import { fileSafe } from '../core/paths.ts';
import type { Format } from '../formats/known.ts';
import { modelFiles } from '../formats/model-files.ts';
import type { Conversion } from '../plan/conversion.ts';
import type { Artifact } from '../records/artifact.ts';
import type { Investigation } from '../records/investigation.ts';
import type { ReportCase } from '../records/report.ts';
import type { ConversionTrace } from './conversion/trace.ts';
import type { StepResult } from './step.ts';

/** What a run leaves in its folder; only these are ever removed from it. */
const OWN_NAMES: readonly string[] = [
  'report.json',
  'events.ndjson',
  'index.html',
  'junit.xml',
  'summary.md',
  'tensors',
  'artifacts',
];

/** Tensors of a worst sample beyond this size stay in the store. */
const MAX_TENSOR_BYTES = 64 * 1024 ** 2;

/**
 * The folder of a run. Nothing of an earlier run is touched before the new report is complete; a folder that holds
 * anything else is refused.
 */
export class RunFolder {
  readonly dir: string;
  /** The earlier run in it, if any: digest of its plan, and whether it was complete. */
  readonly earlier: { readonly plan: string; readonly partial: boolean } | null;

  /** Throws `out-refused` for a folder of something else, `out-unwritable` where nothing can be written. */
  constructor(dir: string) {
    this.dir = dir;
    this.earlier = readEarlier(dir);
    try {
      makeFolder(dir);
      const probe = join(dir, `.onpar-${process.pid}`);
      writeFileSync(probe, '');
      rmSync(probe);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new OnparError({
        code: code === 'ENOSPC' ? 'disk-full' : 'out-unwritable',
        message: `the output folder ${dir} cannot be written: ${message}`,
        fix:
          code === 'ENOSPC'
            ? 'free some space, or name a folder on another disk with --out'
            : 'name a folder that can be written with --out DIR',
        exitCode: code === 'ENOSPC' ? 3 : 2,
        cause: error,
      });
    }
  }

  /** Makes room for the new report. */
  clear(): void {
    for (const name of OWN_NAMES) rmSync(join(this.dir, name), { recursive: true, force: true });
  }

  /** Copies the artifact and the worst sample's tensors in; gives back the case with paths relative to the folder. */
  keep(conversion: Conversion, trace: ConversionTrace, reportCase: ReportCase): ReportCase {
    const place = conversion.id.split('/').map(folderName).join('/');
    const artifact =
      trace.artifact === null ? null : this.#copyArtifact(trace.artifact, `artifacts/${place.split('@')[0]}`);
    return {
      ...reportCase,
      artifact:
        reportCase.artifact === null || artifact === null
          ? reportCase.artifact
          : { ...reportCase.artifact, path: artifact },
      candidate: artifact === null ? reportCase.candidate : { ...reportCase.candidate, path: artifact },
      tensors: this.#copyTensors(trace, `tensors/${place}`),
      ...(reportCase.investigation === undefined
        ? {}
        : { investigation: { ...reportCase.investigation, files: this.keepFound(conversion, trace.investigation) } }),
    };
  }

  /** Copies what an investigation made (a mended copy, a reduced model) beside the artifact. */
  keepFound({ id }: Conversion, found: ConversionTrace['investigation']): Investigation['files'] {
    const place = id.split('/').map(folderName).join('/');
    return (found?.kept ?? []).map(({ kind, about, model }, i) => {
      const folder = `artifacts/${place}/${kind}${i === 0 ? '' : `-${i + 1}`}`;
      return { kind, about, path: this.#copyModel(model.ref.path, model.ref.format as Format, folder) };
    });
  }

  #copyArtifact({ dir, value }: StepResult<Artifact>, folder: string): string {
    // Candidates that differ only by runtime share their artifact.
    const name = `${folder}/${basename(value.path)}`;
    return existsSync(join(this.dir, name))
      ? name
      : this.#copyModel(join(dir, value.path), value.format as Format, folder);
  }

  #copyModel(from: string, format: Format, folder: string): string {
    const name = `${folder}/${basename(from)}`;
    if (statSync(from).isDirectory()) copy(from, join(this.dir, name));
    else {
      // Weights in files of their own lie beside the model, or below.
      const base = dirname(from);
      for (const file of modelFiles(from, format)) copy(file, join(this.dir, folder, relative(base, file)));
    }
    return name;
  }

  #copyTensors(trace: ConversionTrace, folder: string): ReportCase['tensors'] {
    const id = trace.comparison?.worstSample;
    const sample = trace.samples.find((s) => s.id === id);
    if (id === null || id === undefined || sample === undefined) return null;
    const one = (role: 'reference' | 'candidate'): string | null => {
      const run = trace[role]?.value.samples.find((s) => s.sample === id);
      const from = run?.file === undefined ? null : join(trace[role]?.dir ?? '', run.file);
      return from === null ? null : this.#copyTensor(from, `${folder}/${role}.safetensors`);
    };
    const inputs =
      trace.sampleDir === null || sample.file === ''
        ? null
        : this.#copyTensor(join(trace.sampleDir, sample.file), `${folder}/inputs.safetensors`);
    return { sample: id, inputs: inputs ?? '', reference: one('reference'), candidate: one('candidate') };
  }

  #copyTensor(from: string, name: string): string | null {
    if (!existsSync(from) || statSync(from).size > MAX_TENSOR_BYTES) return null;
    copy(from, join(this.dir, name));
    return name;
  }
}

/** Part of an id as a folder's name: long ones are cut, so a digest keeps two that begin alike apart. */
const folderName = (part: string): string =>
  part.length <= 80 ? fileSafe(part) : `${fileSafe(part).slice(0, 71)}-${sha256(part).slice(0, 8)}`;

/** Shares blocks where the file system can, so that gigabytes cost nothing there. */
function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (statSync(from).isDirectory()) cpSync(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
  else copyFileSync(from, to, constants.COPYFILE_FICLONE);
}

function readEarlier(dir: string): RunFolder['earlier'] {
  if (!existsSync(dir)) return null;
  if (!statSync(dir).isDirectory()) {
    throw new OnparError({ code: 'out-refused', message: `--out ${dir} is a file`, fix: 'name a folder' });
  }
  const names = readdirSync(dir);
  if (names.length === 0) return null;
  try {
    const report = JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as {
      tool?: { name?: string };
      run?: { plan?: string; partial?: boolean };
    };
    if (report.tool?.name === 'onpar') return { plan: report.run?.plan ?? '', partial: report.run?.partial ?? false };
  } catch {
    // Told below.
  }
  throw new OnparError({
    code: 'out-refused',
    message: `--out ${dir} holds something that is not a run of onpar (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`,
    fix: 'name an empty or a new folder; onpar never overwrites what it did not write',
  });
}

/** `2026-11-21_02-33-10`: sorts by time and stands in any file name. */
export const newRunId = (now: Date): string => now.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');

/** Copies tensors and artifacts of one run folder into another, for merging shards. */
export function copyRunFiles(from: string, to: string): void {
  for (const name of ['tensors', 'artifacts']) {
    if (existsSync(join(from, name)))
      cpSync(join(from, name), join(to, name), { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
}
