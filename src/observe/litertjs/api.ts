/** What is used of @litertjs/core 2.5, in Node and in a page alike. */
export interface LiteRtJs {
  loadLiteRt(path: string, options?: { readonly threads?: boolean }): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: { readonly accelerator: 'wasm' | 'webgpu' }): Promise<JsModel>;
  readonly Tensor: new (data: JsArray, shape: number[]) => JsTensor;
}

export type JsArray = Float32Array | Int32Array | Uint8Array;

export interface JsTensor {
  readonly type: { readonly dtype: string; readonly layout: { readonly dimensions: ArrayLike<number> } };
  data(): Promise<JsArray>;
  delete(): void;
}

export interface JsModel {
  readonly signatures: Readonly<Record<string, JsSignature>>;
  delete(): void;
}

interface JsSignature {
  run(inputs: Record<string, JsTensor>): Promise<Record<string, JsTensor>>;
}
