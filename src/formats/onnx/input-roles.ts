import type { InputRole } from '../../records/rules.ts';
import type { ModelProto } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import type { Claim } from './roles/claim.ts';
import { follow } from './roles/flow.ts';
import { viewGraph } from './roles/graph.ts';
import { tensorSpecOf } from './summary.ts';

/** What a model's own graph says about one of its inputs. */
export interface ReadRole {
  readonly input: string;
  /** Among the inputs that are no weights. */
  readonly position: number;
  readonly role: InputRole;
  /** Legal values, inclusive. */
  readonly range?: readonly [number, number];
  /** Dynamic dimensions whose size the values stay below. */
  readonly below?: readonly string[];
  /** Completes "INPUT is ROLE: …". */
  readonly because: string;
}

/** Of several claims about one input the strongest role counts: an index that is out of range ends the run, a missing picture does not. */
const STRENGTH: readonly InputRole[] = [
  'token-ids',
  'index',
  'mask',
  'lengths',
  'timestep',
  'divisor',
  'dividend',
  'one-hot',
  'sorted',
  'audio',
  'image',
  'boolean',
];

/** Roles that the graph uses to tell, for each input that it tells something about. `from` is a file or its bytes. */
export const inputRolesOf = (from: string | Uint8Array): ReadRole[] => inputRoles(parseOnnx(from));

/** As `inputRolesOf`, of a parsed model. */
export function inputRoles(model: ModelProto): ReadRole[] {
  const { graph } = model;
  if (graph === undefined) return [];
  const view = viewGraph(model);
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !weights.has(name)).map(tensorSpecOf);
  return inputs.flatMap((input, position) => {
    const role = strongest(follow(input, view));
    return role === undefined ? [] : [{ input: input.name, position, ...role }];
  });
}

/** Bounds of every lookup hold together; where they leave nothing, the narrowest alone is kept. */
function strongest(claims: readonly Claim[]): Omit<ReadRole, 'input' | 'position'> | undefined {
  const rank = ({ role }: Claim) => STRENGTH.indexOf(role);
  const [first] = claims.toSorted((a, b) => rank(a) - rank(b) || width(a) - width(b));
  if (first === undefined) return undefined;
  const lookups = claims.filter(({ role }) => role === 'token-ids' || role === 'index');
  const same = lookups.includes(first) ? lookups : claims.filter(({ role }) => role === first.role);
  const ranges = same.flatMap(({ range }) => (range === undefined ? [] : [range]));
  const low = Math.max(...ranges.map(([from]) => from));
  const high = Math.min(...ranges.map(([, to]) => to));
  const range = ranges.length === 0 ? undefined : low <= high ? ([low, high] as const) : first.range;
  const below = [...new Set(same.flatMap((claim) => claim.below ?? []))];
  return {
    role: first.role,
    ...(range === undefined ? {} : { range }),
    ...(below.length === 0 ? {} : { below }),
    because: first.because,
  };
}

const width = ({ range }: Claim): number => (range === undefined ? Number.POSITIVE_INFINITY : range[1] - range[0]);
