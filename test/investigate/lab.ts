import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { applyEdits } from '../../src/formats/onnx/edit/apply.ts';
import { cutOut } from '../../src/formats/onnx/edit/cut.ts';
import { constantsOf } from '../../src/formats/onnx/graph/constants-of.ts';
import { graphOf } from '../../src/formats/onnx/graph/graph-of.ts';
import type { ModelProto } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { tapOutputs } from '../../src/formats/onnx/tap.ts';
import { errorOf } from '../../src/investigate/experiment.ts';
import type { CaseFacts, How, Lab, Maybe, Ran, Role, Specimen } from '../../src/investigate/lab.ts';
import type { ModelEdit } from '../../src/records/edit.ts';
import type { OpGraph } from '../../src/records/graph.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import type { Dtype } from '../../src/tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../src/tensor/tensor.ts';
import { bytesOf, viewOf } from '../../src/tensor/views.ts';

export interface LabOptions {
  readonly reference: ModelProto;
  readonly candidate: ModelProto;
  /** Inputs of the one sample, by the reference's names; the candidate takes them under the same names. */
  readonly inputs: NamedTensors;
  /** A folder of the test's own. */
  readonly dir: string;
  readonly facts?: Partial<CaseFacts>;
}

export interface TestLab extends Lab {
  /** Models that were run. */
  readonly runs: () => number;
}

export const SAMPLE = 'sample';

/** A lab over two ONNX models that onnxruntime-node runs in this process, its optimiser off. It has no float64. */
export async function labOf({ reference, candidate, inputs, dir, facts }: LabOptions): Promise<TestLab> {
  let files = 0;
  let runs = 0;
  const file = (): string => join(dir, `model-${files++}.onnx`);
  const side = (role: Role, model: ModelProto): Specimen => {
    const path = file();
    writeOnnx(path, model);
    return { role, format: 'onnx', path, history: [], key: path };
  };
  const made = { reference: side('reference', reference), candidate: side('candidate', candidate) };
  const evaluate = async (path: string, { sample }: How): Promise<Ran> => {
    runs += 1;
    try {
      const outputs = await runOnnx(path, typeof sample === 'string' ? inputs : sample);
      return { ok: true, outputs, taps: new Map(), untapped: [], apart: [], milliseconds: 0 };
    } catch (error) {
      return { ok: false, code: 'run-failed', message: (error as Error).message };
    }
  };
  const run = (specimen: Specimen, how: How): Promise<Ran> => evaluate(specimen.path, how);
  const own = { reference: new Map<string, Tensor>(), candidate: new Map<string, Tensor>() };
  for (const role of ['reference', 'candidate'] as const) {
    const ran = await run(made[role], { sample: SAMPLE });
    if (ran.ok) own[role] = new Map(ran.outputs);
  }
  const names = reference.graph?.output.map(({ name }) => name) ?? [];
  const others = candidate.graph?.output.map(({ name }) => name) ?? [];
  return {
    runs: () => runs,
    ...made,
    facts: {
      id: 'test',
      declared: 'float32',
      outputs: names.map((name, i) => ({
        reference: name,
        candidate: others.includes(name) ? name : (others[i] ?? name),
        failed: true,
        maxAbs: null,
        scale: null,
        floor: null,
      })),
      inputs: [...inputs.keys()].map((name) => ({ reference: name, candidate: name })),
      samples: [{ id: SAMPLE, failed: true, elements: 1, group: null }],
      findings: [],
      failure: null,
      ...facts,
    },
    graph: ({ path }): Promise<Maybe<OpGraph>> => Promise.resolve({ ok: true, value: graphOf(path) }),
    hasFloat64: () => false,
    run,
    async tap({ path }, tensors, how) {
      const graph = graphOf(path);
      const tapped = file();
      const wanted = tensors.filter((name) => !graph.outputs.includes(name));
      tapOutputs(path, tapped, wanted);
      const ran = await evaluate(tapped, how);
      if (!ran.ok) return ran;
      const taps = new Map([...ran.outputs].filter(([name]) => tensors.includes(name)));
      return { ...ran, outputs: new Map([...ran.outputs].filter(([name]) => graph.outputs.includes(name))), taps };
    },
    edit(specimen, edits: readonly ModelEdit[], label) {
      const path = file();
      applyEdits(specimen.path, path, edits);
      return Promise.resolve({ ...specimen, path, key: path, history: [...specimen.history, label] });
    },
    canEdit: () => true,
    cut(specimen, ends) {
      const path = file();
      cutOut(specimen.path, path, ends);
      return Promise.resolve({ ...specimen, path, key: path, history: [...specimen.history, 'cut out'] });
    },
    constants: ({ path }) => Promise.resolve({ ok: true, value: constantsOf(path) }),
    inputs: () => inputs,
    observed: () => own,
    runtimeOptions: () => ({}),
    exporterOptions: () => ({}),
    async judge(specimen) {
      const ran = await run(specimen, { sample: SAMPLE });
      const error = ran.ok ? errorOf(ran, own.reference) : null;
      return { verdict: error !== null && error < 1e-4 ? 'pass' : 'fail', error, codes: [] };
    },
    otherwise: () => Promise.reject(new Error('nothing was exported')),
    keep: () => undefined,
    secondsLeft: () => 600,
    say: () => undefined,
  };
}

async function runOnnx(path: string, inputs: NamedTensors): Promise<NamedTensors> {
  const session = await ort.InferenceSession.create(path, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const feeds: Record<string, ort.Tensor> = {};
    for (const name of session.inputNames) {
      const tensor = inputs.get(name);
      if (tensor === undefined) throw new Error(`no input ${name}`);
      feeds[name] = new ort.Tensor(tensor.dtype as ort.Tensor.Type, viewOf(tensor) as ort.Tensor.DataType, [
        ...tensor.shape,
      ]);
    }
    const outputs = await session.run(feeds);
    return new Map(session.outputNames.map((name) => [name, fromOrt(outputs[name] as ort.Tensor)]));
  } finally {
    await session.release();
  }
}

const fromOrt = ({ type, dims, data }: ort.Tensor): Tensor =>
  type === 'string'
    ? { dtype: 'string', shape: [...dims], data: new Uint8Array(0), strings: data as string[] }
    : { dtype: type as Dtype, shape: [...dims], data: bytesOf(data as Float32Array).slice() };

/** A tensor of float32 numbers. */
export const floats = (shape: readonly number[], values: ArrayLike<number>): Tensor =>
  tensorFrom('float32', shape, Array.from(values));
