import { OnparError } from '../../core/errors.ts';

/**
 * What a `model.json` of TensorFlow.js holds (tfjs-core, src/io/types.ts, ModelJSON). Weights lie in files beside it, which a
 * group of the manifest names; a group's tensors stand one behind the other in the joined bytes of its files.
 */
export interface TfjsModelJson {
  /** `graph-model`, `layers-model` or, in files of early converters, nothing. */
  readonly format?: string;
  readonly generatedBy?: string;
  readonly convertedBy?: string | null;
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly weightsManifest: readonly TfjsWeightGroup[];
  readonly signature?: TfjsSignature;
  readonly userDefinedMetadata?: Readonly<Record<string, unknown>> & { readonly signature?: TfjsSignature };
  readonly modelInitializer?: Readonly<Record<string, unknown>>;
  readonly initializerSignature?: TfjsSignature;
  readonly trainingConfig?: Readonly<Record<string, unknown>>;
}

export interface TfjsWeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** `float32`, `int32`, `bool`, `string` or `complex64`: what the tensor is once it is loaded. */
  readonly dtype: string;
  /** How it is stored, where otherwise: `float16`, or `uint8` and `uint16` with `value = scale · stored + min`. */
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** Name → tensor of a graph, as TensorFlow's SignatureDef is written in JSON. */
export interface TfjsSignature {
  readonly inputs?: Readonly<Record<string, TfjsTensorInfo>>;
  readonly outputs?: Readonly<Record<string, TfjsTensorInfo>>;
}

export interface TfjsTensorInfo {
  readonly name?: string;
  /** `DT_FLOAT`; in some converters' files the number of the enum. */
  readonly dtype?: string | number;
  readonly tensorShape?: {
    readonly dim?: readonly { readonly size?: string | number }[];
    readonly unknownRank?: boolean;
  };
  /** Set on what only the initialiser gives: a table, no input of the user's. */
  readonly resourceId?: number;
}

export type TfjsKind = 'graph' | 'layers';

/** A GraphDef has a list of nodes, Keras' configuration none: files of early converters say nothing else. */
export const tfjsKind = ({ format, modelTopology }: TfjsModelJson): TfjsKind =>
  format === 'graph-model' || (format !== 'layers-model' && Array.isArray(modelTopology.node)) ? 'graph' : 'layers';

/** Parses the text of a `model.json`. Throws OnparError `model-load-failed` that names the file and what is wrong. */
export function parseTfjs(text: string, path: string): TfjsModelJson {
  const refuse = (what: string, cause?: unknown): OnparError =>
    new OnparError({
      code: 'model-load-failed',
      message: `${path} ${what}`,
      fix: 'name the model.json that the converter, or `model.save` of TensorFlow.js, wrote',
      exitCode: 1,
      cause,
    });
  let json: Partial<TfjsModelJson> | null;
  try {
    json = JSON.parse(text) as Partial<TfjsModelJson> | null;
  } catch (cause) {
    throw refuse(`is not JSON: ${(cause as Error).message}`, cause);
  }
  const { modelTopology, weightsManifest } = json ?? {};
  if (typeof modelTopology !== 'object' || modelTopology === null) throw refuse('has no modelTopology');
  if (!Array.isArray(weightsManifest)) throw refuse('has no weightsManifest');
  for (const { paths, weights } of weightsManifest as Partial<TfjsWeightGroup>[]) {
    if (!Array.isArray(paths) || !Array.isArray(weights))
      throw refuse('has a group in its weightsManifest without `paths` or `weights`');
  }
  return json as TfjsModelJson;
}
