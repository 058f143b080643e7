import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toFailure } from '../../core/errors.ts';
import type {
  CaseFacts,
  How,
  Judged,
  Kept,
  Lab,
  Maybe,
  NamedTensors,
  Otherwise,
  Ran,
  Role,
  Specimen,
} from '../../investigate/lab.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { RuntimeInfo } from '../../records/catalogue.ts';
import type { ModelEdit } from '../../records/edit.ts';
import type { OpGraph } from '../../records/graph.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import { LazyTensors } from '../../tensor/lazy.ts';
import { readSafetensors, writeSafetensors } from '../../tensor/safetensors.ts';
import type { RunContext } from '../context.ts';
import type { ObservedSide } from '../conversion/side.ts';
import type { KeptModel, Trace } from '../conversion/trace.ts';
import { twinOf } from '../conversion/twin.ts';
import { unoptimisedOptions } from '../conversion/watched.ts';
import type { StepResult } from '../step.ts';
import { observeModel } from '../steps/observe.ts';
import type { Budget } from './budget.ts';
import { factsOf } from './facts.ts';
import { graphOfSide } from './graphs.ts';
import { tapGroups } from './groups.ts';
import { judgeSide, runOtherwise } from './judging.ts';
import { canEditFormat, editsKey, Specimens, tensorsKey } from './specimens.ts';

/** An answer takes at least this long to come: what is asked with less time left is cut off after it. */
const LEAST_SECONDS = 5;

/** Answers an investigation's questions with the steps of a run. */
export class StepLab implements Lab {
  readonly facts: CaseFacts;
  readonly reference: Specimen | null;
  readonly candidate: Specimen | null;
  readonly #ctx: RunContext;
  readonly #conversion: Conversion;
  readonly #trace: Trace;
  readonly #budget: Budget;
  readonly #specimens: Specimens;
  /** Models that are to lie beside the report. */
  readonly kept: KeptModel[] = [];
  #fed = 0;

  constructor(ctx: RunContext, conversion: Conversion, trace: Trace, budget: Budget) {
    this.#ctx = ctx;
    this.#conversion = conversion;
    this.#trace = trace;
    this.#budget = budget;
    this.#specimens = new Specimens(ctx, conversion);
    this.facts = factsOf(conversion, trace);
    this.#bindQuestions();
    const add = (side: ObservedSide | null): Specimen | null => (side === null ? null : this.#specimens.add(side));
    this.reference = add(trace.sides.reference);
    this.candidate = add(trace.sides.candidate);
  }

  secondsLeft(): number {
    return this.#budget.secondsLeft;
  }

  say(text: string): void {
    this.#ctx.emit({ type: 'progress', conversion: this.#conversion.id, message: text });
  }

  async graph(specimen: Specimen): Promise<Maybe<OpGraph>> {
    this.#budget.check();
    const side = this.#specimens.sideOf(specimen);
    const { samples, sampleDir } = this.#trace;
    const [sample] = samples;
    const known = sample !== undefined && sampleDir !== null && side.steps === undefined;
    const example = known ? { file: join(sampleDir, sample.file), digest: sample.digest } : null;
    return graphOfSide(this.#ctx, this.#limited(), side, example);
  }

  hasFloat64(specimen: Specimen): boolean {
    const side = this.#specimens.sideOf(specimen);
    return twinOf(this.#conversion[side.role].runtime, side) !== null;
  }

  run(specimen: Specimen, how: How): Promise<Ran> {
    return this.#observe(specimen, how, []);
  }

  async tap(specimen: Specimen, tensors: readonly string[], how: How): Promise<Ran> {
    const graph = await this.graph(specimen);
    const known = graph.ok ? graph.value : null;
    // A file gives its outputs out anyway.
    const given = new Set(specimen.format === 'onnx' ? known?.outputs : []);
    const inside = tensors.filter((name) => !given.has(name));
    const groups = tapGroups(known, inside, how.precision === 'float64');
    const [first = [], ...rest] = groups;
    let whole = await this.#observe(specimen, how, first);
    for (const group of rest) {
      if (!whole.ok) return whole;
      const ran = await this.#observe(specimen, how, group);
      // What was seen so far is worth more than nothing.
      whole = ran.ok ? joined(whole, ran) : { ...whole, untapped: [...whole.untapped, ...unread(group, ran.message)] };
    }
    if (!whole.ok || inside.length === tensors.length) return whole;
    const asked = new Set(tensors);
    return { ...whole, taps: whole.taps.with(whole.outputs.filter((name) => asked.has(name))) };
  }

  async edit(specimen: Specimen, edits: readonly ModelEdit[], label: string): Promise<Specimen> {
    this.#budget.check();
    return this.#specimens.written(specimen, ['edit', editsKey(edits)], label, async (from, to) => {
      const { applyEdits } = await import('../../formats/onnx/edit/apply.ts');
      applyEdits(from, to, edits);
    });
  }

  canEdit({ format }: Specimen): boolean {
    return canEditFormat(format);
  }

  async cut(
    specimen: Specimen,
    ends: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
  ): Promise<Specimen> {
    this.#budget.check();
    const label = `the part between ${ends.inputs.join(', ')} and ${ends.outputs.join(', ')}`;
    // What a part is fed with decides the sizes, so nothing has to be known of its inputs but their names.
    return this.#specimens.written(
      specimen,
      ['cut', ends],
      label,
      async (from, to) => {
        const { cutOut } = await import('../../formats/onnx/edit/cut.ts');
        cutOut(from, to, ends);
      },
      [],
    );
  }

  async constants(specimen: Specimen): Promise<Maybe<NamedTensors>> {
    this.#budget.check();
    const side = this.#specimens.sideOf(specimen);
    if (side.model.ref.format === 'onnx') {
      const { constantsOf } = await import('../../formats/onnx/graph/constants-of.ts');
      return { ok: true, value: constantsOf(side.model.ref.path) };
    }
    const graph = await this.graph(specimen);
    if (!graph.ok) return graph;
    const names = Object.entries(graph.value.tensors).flatMap(([name, { constant }]) =>
      constant === true ? [name] : [],
    );
    const [sample] = this.facts.samples;
    if (sample === undefined) return { ok: false, reason: 'there is no sample to run it with' };
    const ran = await this.tap(specimen, names, { sample: sample.id, label: 'reading weights' });
    return ran.ok ? { ok: true, value: ran.taps } : { ok: false, reason: ran.message };
  }

  inputs(sample: string): NamedTensors {
    const { sampleDir } = this.#trace;
    const found = this.#trace.samples.find(({ id }) => id === sample);
    if (sampleDir === null || found === undefined) throw new Error(`there is no sample ${sample}`);
    return readSafetensors(join(sampleDir, found.file));
  }

  observed(sample: string): { reference: NamedTensors | null; candidate: NamedTensors | null } {
    const of = (result: StepResult<Observation> | null): NamedTensors | null => {
      const file = result?.value.samples.find((run) => run.sample === sample)?.file;
      return result === null || file === undefined ? null : LazyTensors.in(join(result.dir, file));
    };
    return { reference: of(this.#trace.reference), candidate: of(this.#trace.candidate) };
  }

  runtimeOptions(role: Role): ReturnType<Lab['runtimeOptions']> {
    const { runtime, options } = this.#conversion[role];
    return choices(runtime.options, options);
  }

  exporterOptions(): ReturnType<Lab['exporterOptions']> {
    const { exporter, convert } = this.#conversion;
    return exporter === null || 'command' in exporter ? {} : choices(exporter.options, convert.options);
  }

  judge(specimen: Specimen): Promise<Judged> {
    this.#budget.check();
    this.#budget.experiments++;
    return judgeSide(this.#ctx, this.#limited(), this.#trace, this.#specimens.sideOf(specimen));
  }

  otherwise(change: Otherwise): Promise<Judged> {
    this.#budget.check();
    this.#budget.experiments++;
    return runOtherwise(this.#ctx, this.#limited(), this.#trace.judgedBy?.plan.seed ?? 0, change);
  }

  keep(specimen: Specimen, { kind, about }: Kept): void {
    this.kept.push({ kind, about, model: this.#specimens.sideOf(specimen).model });
  }

  /** Questions are handed on alone (`const { run } = lab`) and by objects that stand in front of a lab. */
  #bindQuestions(): void {
    for (const name of Object.getOwnPropertyNames(StepLab.prototype)) {
      const question: unknown = Reflect.get(this, name);
      if (name !== 'constructor' && typeof question === 'function')
        Object.defineProperty(this, name, { value: question.bind(this), enumerable: true, writable: true });
    }
  }

  /** No request outlives the budget by much: a model that hangs costs the investigation, not the evening. */
  #limited(): Conversion {
    const { case: c } = this.#conversion;
    const left = Math.max(LEAST_SECONDS, this.#budget.secondsLeft) * 1000;
    return { ...this.#conversion, case: { ...c, timeoutMs: Math.min(c.timeoutMs, left) } };
  }

  async #observe(
    specimen: Specimen,
    how: How,
    taps: readonly string[],
  ): Promise<Answered | Extract<Ran, { ok: false }>> {
    this.#budget.check();
    this.#budget.experiments++;
    const inFile = specimen.format === 'onnx' && taps.length > 0;
    const tapped = inFile ? await this.#tapped(specimen, taps) : specimen;
    const side = this.#specimens.sideOf(tapped);
    const deployed = this.#conversion[side.role];
    const runtime = how.precision === 'float64' ? twinOf(deployed.runtime, side) : deployed.runtime;
    if (runtime === null) return { ok: false, code: 'variant-unsupported', message: 'it has no float64 twin' };
    const own = runtime === deployed.runtime ? { ...deployed.options, ...side.options } : {};
    const off = how.unoptimised === true ? (unoptimisedOptions({ runtime, options: own }) ?? {}) : {};
    const fed = this.#feed(side, how);
    const { options: _, ...asked } = side;
    try {
      const result = await observeModel(this.#ctx, this.#limited(), {
        ...asked,
        ...fed,
        ...(how.fresh === true ? { fresh: true } : {}),
        ...(inFile || taps.length === 0 ? {} : { taps }),
        otherwise: {
          runtime,
          options: { ...own, ...off, ...how.options },
          variant: how.precision === 'float64' ? { precision: 'float64' } : null,
          label: how.label ?? `looking into the ${side.role}`,
        },
      });
      return ranOf(result, inFile ? taps : []);
    } catch (error) {
      if (this.#ctx.signal.aborted) this.#budget.check();
      const { code, message } = toFailure(error);
      return { ok: false, code, message };
    }
  }

  /** A copy of an ONNX model that gives out more of its tensors. */
  #tapped(specimen: Specimen, taps: readonly string[]): Promise<Specimen> {
    return this.#specimens.written(specimen, ['tap', taps], `giving out ${taps.length} tensors`, async (from, to) => {
      const { tapOutputs } = await import('../../formats/onnx/tap.ts');
      tapOutputs(from, to, taps);
    });
  }

  /** The sample to run on: one of the case's, or tensors that are written for it. */
  #feed(side: ObservedSide, { sample }: How): { inputs: ObservedSide['inputs']; samples: Sample[]; sampleDir: string } {
    if (typeof sample === 'string') {
      const { samples, sampleDir } = this.#trace;
      const found = samples.find(({ id }) => id === sample);
      if (found === undefined || sampleDir === null) throw new Error(`there is no sample ${sample}`);
      return { inputs: side.inputs, samples: [found], sampleDir };
    }
    const sampleDir = join(this.#ctx.pool.scratch('fed'), String(this.#fed++));
    mkdirSync(sampleDir, { recursive: true });
    const file = 'inputs.safetensors';
    const tensors = new Map(sample);
    writeSafetensors(join(sampleDir, file), tensors);
    const inputs = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
    const made: Sample = {
      id: 'given',
      generator: 'investigation',
      seed: 0,
      inputs,
      digest: tensorsKey(tensors),
      file,
    };
    return { inputs: side.inputs.length > 0 ? side.inputs : inputs, samples: [made], sampleDir };
  }
}

/** A run whose intermediate values can be joined with those of another. */
type Answered = Extract<Ran, { ok: true }> & { readonly taps: LazyTensors; readonly outputs: LazyTensors };

function ranOf(
  { dir, value }: StepResult<Observation>,
  inFile: readonly string[],
): Answered | Extract<Ran, { ok: false }> {
  const [run] = value.samples;
  if (run?.file === undefined) {
    const { code, message } = run?.failure ?? { code: 'run-failed', message: 'it did not run' };
    return { ok: false, code, message };
  }
  const answered = LazyTensors.in(join(dir, run.file));
  const { tapped } = run;
  const names = new Set(inFile);
  return {
    ok: true,
    outputs: answered.filter((name) => !names.has(name)),
    taps: tapped === undefined ? answered.filter((name) => names.has(name)) : LazyTensors.in(join(dir, tapped.file)),
    untapped: tapped?.missing ?? [],
    apart: tapped?.apart ?? [],
    milliseconds: run.milliseconds,
  };
}

type Choices = ReturnType<Lab['exporterOptions']>;

const choices = (specs: RuntimeInfo['options'], given: Readonly<Record<string, unknown>>): Choices =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { values: spec.enum ?? (spec.type === 'boolean' ? [true, false] : []), set: given[name] ?? spec.default ?? null },
    ]),
  );

const unread = (group: readonly string[], reason: string) => group.map((name) => ({ name, reason }));

const joined = (a: Answered, b: Answered): Answered => ({
  ok: true,
  outputs: a.outputs,
  taps: a.taps.with(b.taps),
  untapped: [...a.untapped, ...b.untapped],
  apart: [...a.apart, ...b.apart],
  milliseconds: a.milliseconds + b.milliseconds,
});
