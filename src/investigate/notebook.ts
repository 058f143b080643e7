import { DIAGNOSES, type DiagnosisCode } from '../core/diagnosis-catalogue.ts';
import type { Investigation } from '../records/investigation.ts';
import type { Diagnosis } from '../records/report.ts';
import type { Evidence } from './scene.ts';

type Alignment = NonNullable<Investigation['alignment']>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How far outputs are called wrong by nothing known: as much as nobody has explained. */
const NOT_EXPLAINED = 0;

/**
 * What an investigation has found so far. Everything is written down as soon as it is known, so that a budget that ends, or
 * Ctrl-C, loses nothing.
 */
export class Notebook {
  readonly diagnoses: Diagnosis[] = [];
  readonly notes: string[] = [];
  samples: string[] = [];
  divergences: Investigation['divergences'] = [];
  nodes: Investigation['nodes'] = [];
  readonly bisections: Investigation['bisections'] = [];
  alignment: Alignment | null = null;
  status: Investigation['status'] = 'complete';
  reason: string | null = null;
  /** What mends the candidate, best first: for a repair. */
  readonly mends: Evidence[] = [];

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** A cause, best first; one that was told already (a second divergence with the same cause at the same place) is not told again. */
  diagnose(evidence: Evidence): void {
    const { code, where, args, experiment, before, after, explained, mend } = evidence;
    if (this.diagnoses.some((d) => d.code === code && d.where === where)) return;
    this.#add(code, explained, where, { ...args, experiment, before: finite(before), after: finite(after), explained });
    if (mend !== undefined) this.mends.push(evidence);
  }

  /** No experiment explains it. `tried`: how many were made. */
  unknown(where: string, tried: number): void {
    if (this.diagnoses.length === 0) this.#add('unknown', NOT_EXPLAINED, where, { tried });
  }

  #add(code: DiagnosisCode, confidence: number, where: string, evidence: Mutable<Diagnosis['evidence']>): void {
    const { title, next, sentence } = DIAGNOSES[code];
    this.diagnoses.push({ code, confidence, where, message: sentence(where, evidence), title, next, evidence });
  }
}

/** JSON has no infinity. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
