import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import type { Packages } from '../runtime.ts';

/** What is used of koffi, which calls C functions. Pointers are bigints; a typed array is passed as where it lies. */
interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: readonly string[]): Native };
  proto(definition: string): unknown;
  pointer(type: unknown): unknown;
  register(callback: (pointer: bigint) => void, type: unknown): bigint;
  view(pointer: bigint, length: number): ArrayBuffer;
  free(pointer: bigint): void;
  readonly decode: { string(pointer: bigint): string };
}
type Native = (...parameters: unknown[]) => number;

/**
 * Argument types of the functions that are called, as in the headers of litert/c of LiteRT 2.3; all answer with a status.
 * Handles are `void *`; a handle that is given back is written behind the last pointer.
 */
const FUNCTIONS = {
  LiteRtCreateEnvironment: ['int', 'void *', 'void *'],
  LiteRtCreateModelFromFile: ['void *', 'str', 'void *'],
  LiteRtCreateOptions: ['void *'],
  LiteRtSetOptionsHardwareAccelerators: ['void *', 'int'],
  LiteRtCreateOpaqueOptions: ['str', 'void *', 'void *', 'void *'],
  LiteRtAddOpaqueOptions: ['void *', 'void *'],
  LiteRtCreateCompiledModel: ['void *', 'void *', 'void *', 'void *'],
  LiteRtCompiledModelGetErrorMessages: ['void *', 'void *'],
  LiteRtCompiledModelClearErrors: ['void *'],
  LiteRtCompiledModelResizeInputTensor: ['void *', 'size_t', 'size_t', 'void *', 'size_t'],
  LiteRtGetCompiledModelOutputTensorLayouts: ['void *', 'size_t', 'size_t', 'void *', 'bool'],
  LiteRtCreateManagedTensorBuffer: ['void *', 'int', 'void *', 'size_t', 'void *'],
  LiteRtLockTensorBuffer: ['void *', 'void *', 'int'],
  LiteRtUnlockTensorBuffer: ['void *'],
  LiteRtRunCompiledModel: ['void *', 'size_t', 'size_t', 'void *', 'size_t', 'void *'],
} as const;

const DESTRUCTORS = [
  'LiteRtDestroyTensorBuffer',
  'LiteRtDestroyCompiledModel',
  'LiteRtDestroyOptions',
  'LiteRtDestroyModel',
  'LiteRtDestroyEnvironment',
] as const;

type FunctionName = keyof typeof FUNCTIONS;
export type Handle = bigint;

/** LiteRT's C library. Every call answers with a status, 0 when it went well. */
export interface LiteRtLibrary {
  readonly version: string;
  call(name: FunctionName, ...parameters: unknown[]): number;
  /** The handle that a function writes behind its last parameter; throws a plain Error that names function and status. */
  make(name: FunctionName, ...parameters: unknown[]): Handle;
  destroy(name: (typeof DESTRUCTORS)[number], handle: Handle): void;
  /** `length` bytes of native memory, shared. */
  view(pointer: bigint, length: number): Uint8Array;
  /** A string that the library gave away, which is freed. */
  takeString(pointer: bigint): string;
  /** The address of a function that does nothing: the memory of what is handed over is ours and stays so. */
  readonly keepsItsMemory: bigint;
}

/** The wheel that the functions above were read from. The C interface moves: 2.1 had other parameters. */
const BOUND_TO = '2.3.0';

const FILES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libLiteRt.so',
  darwin: 'libLiteRt.dylib',
  win32: 'libLiteRt.dll',
};

/**
 * Loads the library of the ai-edge-litert wheel. Throws OnparError `runtime-unavailable` where the wheel is of another
 * version than this binding or holds no library for this system.
 */
export function loadLibrary(packages: Packages): LiteRtLibrary {
  const wheels = packages.needs.litert ?? '';
  const koffi = packages.require('koffi') as Koffi;
  const version = wheelVersion(wheels);
  if (version !== BOUND_TO) {
    throw unavailable(
      `the library of ai-edge-litert ${version} is not the ${BOUND_TO} that this binding was written for`,
      'install onpar’s own toolchains again (`onpar toolchain install litert litert-node`)',
    );
  }
  const path = join(wheels, 'ai_edge_litert', FILES[process.platform] ?? 'libLiteRt.so');
  if (!existsSync(path)) {
    throw unavailable(
      `ai-edge-litert ${version} has no ${FILES[process.platform] ?? 'library'} for ${process.platform}`,
      'use the runtime `litert`, or `litertjs`',
    );
  }
  const library = koffi.load(path);
  const functions = new Map<string, Native>();
  for (const [name, parameters] of Object.entries(FUNCTIONS))
    functions.set(name, library.func(name, 'int', parameters));
  for (const name of DESTRUCTORS) functions.set(name, library.func(name, 'void', ['void *']));
  const of = (name: string): Native => functions.get(name) as Native;
  return {
    version,
    call: (name, ...parameters) => of(name)(...parameters),
    make: (name, ...parameters) => {
      const made = new BigUint64Array(1);
      const status = of(name)(...parameters, made);
      if (status !== 0) throw new Error(`${name} answered ${statusText(status)}`);
      return made[0] as bigint;
    },
    destroy: (name, handle) => void of(name)(handle),
    view: (pointer, length) => new Uint8Array(koffi.view(pointer, length)),
    takeString: (pointer) => {
      const text = koffi.decode.string(pointer);
      koffi.free(pointer);
      return text;
    },
    keepsItsMemory: koffi.register(() => {}, koffi.pointer(koffi.proto('void OnparKeep(void *)'))),
  };
}

/** Read from the folder's name, so that no interpreter has to start. */
function wheelVersion(wheels: string): string {
  const folders = existsSync(wheels) ? readdirSync(wheels) : [];
  const found = folders.map((name) => /^ai_edge_litert-(.+)\.dist-info$/.exec(name)?.[1]).find((v) => v !== undefined);
  return found ?? 'of an unknown version';
}

const unavailable = (message: string, fix: string): OnparError =>
  new OnparError({
    code: 'runtime-unavailable',
    message: `litert-node cannot be used here: ${message}`,
    fix,
    exitCode: 3,
  });

/** litert/c/litert_common.h */
const STATUS: Readonly<Record<number, string>> = {
  1: 'invalid argument',
  2: 'out of memory',
  3: 'runtime failure',
  4: 'missing input tensor',
  5: 'unsupported',
  6: 'not found',
  500: 'the file cannot be read',
  501: 'invalid flatbuffer',
  504: 'compilation failed',
};

export const statusText = (status: number): string =>
  `${status}${STATUS[status] === undefined ? '' : ` (${STATUS[status]})`}`;
