/** What is used here of the `tf` namespace, the same in a page, in Node and with the native library (tfjs-core, -converter, -layers). */
export interface Tf {
  tensor(values: TfValues, shape: readonly number[], dtype: TfDtype): TfTensor;
  loadGraphModel(handler: TfHandler): Promise<TfGraphModel>;
  loadLayersModel(handler: TfHandler): Promise<TfLayersModel>;
  /** A model of the same layers with other outputs. */
  model(ends: { inputs: readonly TfSymbolic[]; outputs: readonly TfSymbolic[] }): TfLayersModel;
  setBackend(name: string): Promise<boolean> | boolean;
  getBackend(): string;
  getKernel(kernel: string, backend: string): object | undefined;
  /** Leaves out checks and advice on the console. */
  enableProdMode(): void;
}

export type TfDtype = 'float32' | 'int32' | 'bool' | 'string' | 'complex64';
export type TfValues = Float32Array | Int32Array | Uint8Array | readonly string[];

export interface TfTensor {
  readonly dtype: TfDtype;
  readonly shape: readonly number[];
  data(): Promise<TfValues>;
  dispose(): void;
}

/** Gives a model's parts from memory. */
export interface TfHandler {
  load(): Promise<TfArtifacts>;
}

/** A model.json with its weights in one piece (tfjs-core, src/io/types.ts, ModelArtifacts). */
export interface TfArtifacts {
  readonly modelTopology: object;
  readonly weightSpecs: readonly object[];
  readonly weightData: ArrayBuffer;
  readonly format?: string;
  readonly generatedBy?: string;
  readonly convertedBy?: string | null;
  readonly signature?: object;
  readonly userDefinedMetadata?: object;
  readonly modelInitializer?: object;
  readonly initializerSignature?: object;
}

export interface TfGraphModel {
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly number[]; readonly dtype?: string }[];
  readonly outputs: readonly { readonly name: string; readonly shape?: readonly number[]; readonly dtype?: string }[];
  readonly executor?: {
    readonly graph?: { readonly nodes?: Readonly<Record<string, { readonly op: string; readonly category?: string }>> };
    /** Constants by node name. */
    readonly weightMap?: Readonly<Record<string, readonly TfTensor[]>>;
  };
  execute(inputs: Readonly<Record<string, TfTensor>>, outputs: readonly string[]): TfTensor | TfTensor[];
  executeAsync(inputs: Readonly<Record<string, TfTensor>>, outputs: readonly string[]): Promise<TfTensor | TfTensor[]>;
  dispose(): void;
}

/** A tensor of a layers model that is not computed yet; the same object wherever it is used. */
export interface TfSymbolic {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | null)[];
}

export interface TfLayersModel {
  readonly inputs: readonly TfSymbolic[];
  readonly outputs: readonly TfSymbolic[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly layers: readonly TfLayer[];
  predictOnBatch(inputs: TfTensor | TfTensor[]): TfTensor | TfTensor[];
  dispose(): void;
}

export interface TfLayer {
  readonly name: string;
  getClassName(): string;
  getConfig(): Readonly<Record<string, unknown>>;
  readonly weights: readonly { readonly originalName: string; read(): TfTensor }[];
  /** One for each time that it is called. */
  readonly inboundNodes: readonly {
    readonly inputTensors: readonly TfSymbolic[];
    readonly outputTensors: readonly TfSymbolic[];
  }[];
}
