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
import type { BundleEnvironment } from '../../records/bundle.ts';
import type { ModelEdit } from '../../records/edit.ts';
import type { OpGraph } from '../../records/graph.ts';
import type { Observation } from '../../records/observation.ts';
import { LazyTensors } from '../../tensor/lazy.ts';
import { readSafetensors } from '../../tensor/safetensors.ts';
import type { RunContext } from '../context.ts';
import type { ObservedSide } from '../conversion/side.ts';
import type { Kept as KeptHere, Trace } from '../conversion/trace.ts';
import { twinOf } from '../conversion/twin.ts';
import { unoptimisedOptions } from '../conversion/watched.ts';
import type { StepResult } from '../step.ts';
import { observeModel } from '../steps/observe.ts';
import type { Budget } from './budget.ts';
import { changesOf } from './changes.ts';
import { environmentOf } from './environment.ts';
import { factsOf } from './facts.ts';
import { Feeding } from './feeding.ts';
import { graphOfSide } from './graphs.ts';
import { tapGroups } from './groups.ts';
import { judgedOf, judgeSide, runOtherwise } from './judging.ts';
import { optionValues } from './option-values.ts';
import { type Answered, type Failed, joined, ranOf, unread } from './ran.ts';
import { canEditFormat, editsKey, LARGE_BYTES, Specimens } from './specimens.ts';

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
  readonly kept: KeptHere[];
  /** The candidate as it was judged first. */
  readonly #origin: Specimen | null;
  readonly #feeding: Feeding;
  #bundles = 0;

  constructor(ctx: RunContext, conversion: Conversion, trace: Trace, budget: Budget, before?: StepLab) {
    this.#ctx = ctx;
    this.#conversion = conversion;
    this.#trace = trace;
    this.#budget = budget;
    this.#specimens = new Specimens(ctx, conversion);
    this.#feeding = new Feeding(ctx, trace);
    this.facts = factsOf(conversion, trace);
    this.#bindQuestions();
    const add = (side: ObservedSide | null): Specimen | null => (side === null ? null : this.#specimens.add(side));
    this.reference = add(trace.sides.reference);
    this.candidate = add(trace.sides.candidate);
    this.kept = before?.kept ?? [];
    this.#origin = before === undefined ? this.candidate : before.#origin;
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

  async randomise(specimen: Specimen, seed: number): Promise<Specimen> {
    this.#budget.check();
    return this.#specimens.written(specimen, ['randomise', seed], 'random weights', async (from, to) => {
      const { randomiseWeights } = await import('../../formats/onnx/edit/randomise-weights.ts');
      randomiseWeights(from, to, seed);
    });
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
    return optionValues(runtime.options, options);
  }

  exporterOptions(): ReturnType<Lab['exporterOptions']> {
    const { exporter, convert } = this.#conversion;
    return exporter === null || 'command' in exporter ? {} : optionValues(exporter.options, convert.options);
  }

  async judge(specimen: Specimen): Promise<Judged & { readonly rest: Lab | null }> {
    this.#budget.check();
    this.#budget.experiments++;
    const trace = await judgeSide(this.#ctx, this.#limited(), this.#trace, this.#specimens.sideOf(specimen));
    const judged = judgedOf(trace);
    const rest = judged.verdict === 'fail' ? this.#about(trace) : null;
    return { ...judged, rest };
  }

  /** A lab about another candidate of the same conversion; what is kept lies beside the same report. */
  #about(trace: Trace): StepLab {
    return new StepLab(this.#ctx, this.#conversion, trace, this.#budget, this);
  }

  otherwise(change: Otherwise): Promise<Judged> {
    this.#budget.check();
    this.#budget.experiments++;
    return runOtherwise(this.#ctx, this.#limited(), this.#trace.judgedBy?.plan.seed ?? 0, change);
  }

  async keep(specimen: Specimen, { kind, about }: Kept): Promise<void> {
    const { model } = this.#specimens.sideOf(specimen);
    const origin = this.#origin;
    const changes = origin?.format === 'onnx' ? await changesOf(origin.path, model.ref.path) : [];
    this.kept.push({ kind, about, model, changes });
  }

  keepBundle(write: (dir: string, environment: BundleEnvironment) => string): void {
    const folder = join(this.#ctx.pool.scratch('bundles'), String(this.#bundles++));
    const about = write(folder, environmentOf(this.#conversion, this.#trace));
    this.kept.push({ kind: 'bundle', about, folder });
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

  async #observe(specimen: Specimen, how: How, taps: readonly string[]): Promise<Answered | Failed> {
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
    const fed = this.#feeding.feed(side, how.sample);
    const { options: _, ...asked } = side;
    try {
      const result = await observeModel(this.#ctx, this.#limited(), {
        ...asked,
        ...fed,
        keepBelow: LARGE_BYTES,
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
}
