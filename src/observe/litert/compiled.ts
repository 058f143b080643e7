import { OnparError } from '../../core/errors.ts';
import type { TfliteEndpoint } from '../../formats/tflite/contract.ts';
import { decodeStrings, encodeStrings } from '../../formats/tflite/strings.ts';
import type { TfliteTensor } from '../../formats/tflite/types.ts';
import { BYTES_PER_ELEMENT, type Dtype, isDtype } from '../../tensor/dtype.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { type Handle, type LiteRtLibrary, statusText } from './library.ts';

/** How the CPU computes: litert/c/options/litert_cpu_options.h. */
export interface CpuOptions {
  readonly threads: number | null;
  readonly xnnpack: boolean;
}

/** LiteRtElementType, litert/c/litert_model_types.h. */
const ELEMENT_TYPES: Readonly<Record<Dtype, number>> = {
  float32: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  string: 5,
  bool: 6,
  int16: 7,
  int8: 9,
  float16: 10,
  float64: 11,
  uint64: 13,
  uint32: 16,
  uint16: 17,
  bfloat16: 19,
};
const CPU = 1;
const HOST_MEMORY = 1;
const LOCK_TO_READ = 0;
const LOCK_TO_WRITE = 1;
/** LiteRtRankedTensorType: int32 type, then LiteRtLayout: rank in the low 7 bits, 8 dims, 8 strides. */
const TYPE_WORDS = 18;
const LAYOUT_WORDS = 17;
const RANK_MASK = 0x7f;
const MOST_DIMS = 8;
/**
 * What an output of open size is given: strings, and with dynamic sizes whatever XNNPACK computes, since some of its operators
 * (Reshape) learn their size only as they run and write it without looking. Memory that is not written to is never taken.
 */
const OPEN_BYTES = 64 * 2 ** 20;
const OPEN_FACTOR = 8;
/** An output without a place in the planned memory: tflite/core/subgraph.cc, ValidateCustomAllocationForTensor. */
const SIZED_BY_VALUES = /allocation_type == kTfLiteArenaRw/;
/** What is kept of LiteRT's own words. */
const MESSAGE_LENGTH = 400;

/** A model made ready for the CPU, and what belongs to it. */
export interface CompiledModel {
  /** Plans the memory of a model of fixed sizes, so that an operator without a kernel shows. Throws OnparError `run-failed`. */
  allocate(): void;
  /** Inputs in the order of the endpoint's contract, and so the outputs. Throws OnparError `run-failed` or `input-mismatch`. */
  run(inputs: readonly Tensor[]): Tensor[];
  close(): void;
}

/** Throws a plain Error that names the function which refused. */
export function compile(
  library: LiteRtLibrary,
  environment: Handle,
  model: Handle,
  endpoint: TfliteEndpoint,
  cpu: CpuOptions,
): CompiledModel {
  const options = library.make('LiteRtCreateOptions');
  library.call('LiteRtSetOptionsHardwareAccelerators', options, CPU);
  // Both identifiers stand for a text in TOML: litert_cpu_options.cc and litert_runtime_options.cc below litert/c/options.
  const texts = [
    ['xnnpack', `kernel_mode = "${cpu.xnnpack ? 'delegate' : 'builtin'}"\n${threadsLine(cpu.threads)}`],
    ['runtime_options_string', `error_reporter_mode = ${KEEP_ERRORS}\n`],
  ] as const;
  const payloads = texts.map(([, text]) => Buffer.from(`${text}\0`));
  for (const [index, [identifier]] of texts.entries()) {
    const { keepsItsMemory } = library;
    const opaque = library.make('LiteRtCreateOpaqueOptions', identifier, payloads[index], keepsItsMemory);
    library.call('LiteRtAddOpaqueOptions', options, opaque);
  }
  const compiled = library.make('LiteRtCreateCompiledModel', environment, model, options);
  const { inputs, outputs, inputPlaces, outputPlaces, signatureIndex, contract } = endpoint;
  let sizes = '';
  /** Shapes of the outputs that a run with these sizes left. */
  let settled: number[][] | undefined;

  const said = (): string => {
    const pointer = library.make('LiteRtCompiledModelGetErrorMessages', compiled);
    const text = pointer === 0n ? '' : library.takeString(pointer);
    library.call('LiteRtCompiledModelClearErrors', compiled);
    return text.replaceAll(/\s+/g, ' ').trim().slice(0, MESSAGE_LENGTH);
  };
  const must = (status: number, what: string): void => {
    if (status !== 0) throw failed(what, status, said());
  };

  /** Tells the model these sizes, where they are new. */
  function resize(given: readonly Tensor[]): void {
    const wanted = JSON.stringify(given.map(({ shape }) => shape));
    if (wanted === sizes) return;
    settled = undefined;
    for (const [index, { shape }] of given.entries()) {
      const place = inputPlaces[index] as number;
      if (!isDynamic(inputs[place])) continue;
      const asked = [compiled, signatureIndex, place, Int32Array.from(shape), shape.length];
      const status = library.call('LiteRtCompiledModelResizeInputTensor', ...asked);
      if (status !== 0) throw resizeRefused(contract.inputs[index]?.name ?? '', shape, status, said());
    }
    sizes = wanted;
  }

  /** The shapes of the graph's outputs as it knows them now; `plan`: after planning memory for the sizes that it was told. */
  function outputShapes(plan: boolean): number[][] {
    const layouts = new Int32Array(LAYOUT_WORDS * outputs.length);
    const asked = [compiled, signatureIndex, outputs.length, layouts, plan];
    must(library.call('LiteRtGetCompiledModelOutputTensorLayouts', ...asked), 'memory could not be planned');
    return outputs.map((_, i) => {
      const at = LAYOUT_WORDS * i;
      const rank = (layouts[at] as number) & RANK_MASK;
      return Array.from(layouts.subarray(at + 1, at + 1 + rank));
    });
  }

  return {
    allocate: () => void outputShapes(true),
    run(given) {
      resize(given);
      const shapes = settled ?? outputShapes(true);
      const made: Handle[] = [];
      const buffer = (dtype: Dtype, shape: readonly number[], bytes: number): Handle => {
        const type = tensorType(dtype, shape);
        const handle = library.make('LiteRtCreateManagedTensorBuffer', environment, HOST_MEMORY, type, bytes);
        made.push(handle);
        return handle;
      };
      try {
        // An input that the signature does not name stays 0: LiteRT leaves it as it is.
        const taken = new BigUint64Array(inputs.length);
        for (const [index, tensor] of given.entries()) {
          const bytes = tensor.dtype === 'string' ? encodeStrings(tensor.strings ?? []) : tensor.data;
          const handle = buffer(tensor.dtype, tensor.shape, bytes.length);
          within(library, handle, LOCK_TO_WRITE, bytes.length, (memory) => memory.set(bytes));
          taken[inputPlaces[index] as number] = handle;
        }
        const gives = outputs.map((tensor, place) => {
          const shape = shapes[place] as number[];
          const dtype = dtypeOf(tensor);
          const planned = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
          const isOpen = dtype === 'string' || (settled === undefined && isDynamic(tensor));
          const bytes = isOpen ? Math.max(OPEN_BYTES, OPEN_FACTOR * planned) : planned;
          return { dtype, bytes, handle: buffer(dtype, shape, bytes) };
        });
        const results = BigUint64Array.from(gives, ({ handle }) => handle);
        const asked = [compiled, signatureIndex, taken.length, taken, results.length, results];
        must(library.call('LiteRtRunCompiledModel', ...asked), 'the run failed');
        const left = outputShapes(false);
        settled = left;
        return outputPlaces.map((place) => {
          const { dtype, bytes, handle } = gives[place] as (typeof gives)[number];
          const shape = left[place] as number[];
          const size = dtype === 'string' ? bytes : elementCount(shape) * BYTES_PER_ELEMENT[dtype];
          if (size > bytes) throw outgrown(contract.outputs[outputPlaces.indexOf(place)]?.name ?? '', shape);
          return within(library, handle, LOCK_TO_READ, size, (memory): Tensor => {
            if (dtype !== 'string') return { dtype, shape, data: memory.slice() };
            return { dtype, shape, data: new Uint8Array(0), strings: decodeStrings(memory) };
          });
        });
      } finally {
        for (const handle of made) library.destroy('LiteRtDestroyTensorBuffer', handle);
      }
    },
    close() {
      library.destroy('LiteRtDestroyCompiledModel', compiled);
      library.destroy('LiteRtDestroyOptions', options);
      // Read until here by the options above.
      payloads.length = 0;
    },
  };
}

/** LiteRtErrorReporterMode: errors are kept, so that a failure can tell them. */
const KEEP_ERRORS = 2;
const threadsLine = (threads: number | null): string => (threads === null ? '' : `num_threads = ${threads}\n`);
const isDynamic = (tensor: TfliteTensor | undefined): boolean => tensor?.shape?.some((d) => d < 0) ?? false;

function tensorType(dtype: Dtype, shape: readonly number[]): Int32Array {
  const words = new Int32Array(TYPE_WORDS);
  words[0] = ELEMENT_TYPES[dtype];
  words[1] = shape.length;
  if (shape.length > MOST_DIMS) throw new RangeError(`LiteRT takes ${MOST_DIMS} dimensions at most`);
  words.set(shape, 2);
  return words;
}

function dtypeOf({ type, name }: TfliteTensor): Dtype {
  if (isDtype(type)) return type;
  throw new OnparError({
    code: 'run-failed',
    message: `the output tensor ${name} is ${type}, which onpar does not compare`,
    fix: 'cast it in the model',
    exitCode: 1,
  });
}

/** Native memory of a buffer, while it is locked. */
function within<T>(
  library: LiteRtLibrary,
  handle: Handle,
  mode: number,
  bytes: number,
  use: (memory: Uint8Array) => T,
): T {
  const memory = new BigUint64Array(1);
  const status = library.call('LiteRtLockTensorBuffer', handle, memory, mode);
  if (status !== 0) throw failed('a buffer could not be locked', status, '');
  try {
    return use(bytes === 0 ? new Uint8Array(0) : library.view(memory[0] as bigint, bytes));
  } finally {
    library.call('LiteRtUnlockTensorBuffer', handle);
  }
}

function failed(what: string, status: number, said: string): OnparError {
  const byValue = SIZED_BY_VALUES.test(said);
  return new OnparError({
    code: 'run-failed',
    message: byValue
      ? 'the size of an output depends on values, which LiteRT’s compiled models cannot give'
      : `LiteRT: ${what}: status ${statusText(status)}${said === '' ? '' : `: ${said}`}`,
    ...(byValue ? { fix: 'use the runtime `litert`, whose interpreter sizes outputs as it runs' } : {}),
    exitCode: 1,
  });
}

const outgrown = (name: string, shape: readonly number[]): OnparError =>
  new OnparError({
    code: 'run-failed',
    message: `output ${name} came out as [${shape.join(', ')}], more than LiteRT had planned for`,
    fix: 'use the runtime `litert`, or option xnnpack: false',
    exitCode: 1,
  });

function resizeRefused(name: string, shape: readonly number[], status: number, said: string): OnparError {
  const isEmpty = shape.includes(0);
  return new OnparError({
    code: 'input-mismatch',
    message: `LiteRT does not resize input ${name} to [${shape.join(', ')}]: status ${statusText(status)}${said === '' ? '' : `: ${said}`}`,
    fix: isEmpty
      ? 'its C interface takes no empty dimension; the runtime `litert` does'
      : 'use the runtime `litert`, or fix the size of that dimension in the model',
    exitCode: 1,
  });
}
