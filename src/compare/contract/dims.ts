import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { Dim, TensorSpec } from '../../records/contract.ts';

export interface ShapeContext {
  readonly where: string;
  readonly sameFormat: boolean;
  /** Names of dimensions that the suite asks to be dynamic. */
  readonly dynamic: readonly string[];
  readonly declared: DeclaredChange | undefined;
  /** Which sides' shapes were taken from observed tensors. */
  readonly referenceDerived: boolean;
  readonly candidateDerived: boolean;
  /** Shapes that the reference gave, sample by sample; none for inputs. */
  readonly seen?: readonly (readonly number[])[];
}

/** Rank and sizes, axis by axis. An undeclared shape contradicts nothing. */
export function checkShape(reference: TensorSpec, candidate: TensorSpec, context: ShapeContext): RawFinding[] {
  const from = inLayout(reference.shape, context.declared?.layout);
  const to = candidate.shape;
  if (from === null || to === null) return [];
  if (from.length !== to.length) {
    if (declares(context.declared, to)) return [declaredShape(context, from, to)];
    return [
      makeFinding('rank-changed', context.where, { reference: from.length, candidate: to.length, shapes: [from, to] }),
    ];
  }
  const sizes = from.flatMap((dim, axis) => checkDim(dim, to[axis] ?? null, axis, context) ?? []);
  const layout = context.declared?.layout;
  return layout === undefined
    ? sizes
    : [makeFinding('layout-declared', context.where, { layout, reason: context.declared?.reason }), ...sizes];
}

/** The reference's dimensions in the order in which the candidate takes them. */
const inLayout = (shape: TensorSpec['shape'], axes: readonly number[] | undefined): TensorSpec['shape'] =>
  shape === null || axes?.length !== shape.length ? shape : axes.map((axis) => shape[axis] ?? null);

function checkDim(reference: Dim, candidate: Dim, axis: number, context: ShapeContext): RawFinding | null {
  // A candidate that takes more sizes than the reference keeps every promise.
  if (typeof candidate !== 'number') return null;
  const args = { axis, reference: reference ?? 'dynamic', candidate };
  if (typeof reference === 'number') {
    // Seen sizes are checked where they were seen: a candidate that cannot follow fails those samples.
    if (reference === candidate || context.referenceDerived || context.candidateDerived) return null;
    const declared = declaresAxis(context.declared, axis, candidate);
    return declared
      ? makeFinding('dim-changed', context.where, { ...args, reason: context.declared?.reason }, 'info')
      : makeFinding('dim-changed', context.where, args);
  }
  // One seen size of the candidate does not freeze it.
  if (context.candidateDerived) return null;
  if (reference === null && alwaysSeen(context.seen ?? [], axis, candidate)) return null;
  return makeFinding('dim-frozen', context.where, args, frozenSeverity(reference, axis, candidate, context));
}

/**
 * TFLite declares every size of an output dynamic once its batch is. Where others varied over the samples and this one never
 * did, whoever declares it as that number has only understood the graph better.
 */
function alwaysSeen(shapes: readonly (readonly number[])[], axis: number, size: number): boolean {
  const varied = new Set(shapes.map((shape) => shape.join())).size > 1;
  return varied && shapes.every((shape) => shape[axis] === size);
}

/**
 * Frozen is a fault where dynamic was asked for, and where the same format could have kept it. Across formats an exporter
 * that can only do static shapes is honest about it in the contract: a warning, or a remark when it declares the size.
 */
function frozenSeverity(
  reference: string | null,
  axis: number,
  candidate: number,
  context: ShapeContext,
): RawFinding['severity'] {
  if (context.sameFormat || asked(reference, context)) return 'error';
  return declaresAxis(context.declared, axis, candidate) ? 'info' : 'warning';
}

/**
 * A dimension without a name that was taken from the samples varies because the plan swept it,
 * and the plan sweeps what the suite names.
 */
const asked = (dim: string | null, { dynamic, referenceDerived }: ShapeContext): boolean =>
  dim === null ? referenceDerived && dynamic.length > 0 : dynamic.includes(dim);

const declaresAxis = (declared: DeclaredChange | undefined, axis: number, size: number): boolean =>
  declared?.shape?.[axis] === size;

const declares = (declared: DeclaredChange | undefined, shape: readonly Dim[]): boolean =>
  declared?.shape?.length === shape.length &&
  shape.every((dim, axis) => typeof dim !== 'number' || declared.shape?.[axis] === dim);

const declaredShape = (
  { where, declared }: ShapeContext,
  reference: readonly Dim[],
  candidate: readonly Dim[],
): RawFinding => makeFinding('shape-declared', where, { reference, candidate, reason: declared?.reason });
