import type { OpGraph, OpNode } from '../../records/graph.ts';
import { cast } from '../../tensor/build.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { counterpart } from '../experiment.ts';
import type { Lab, Ran, Specimen } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';
import type { Question } from '../scene.ts';
import { failureOf, type PieceFailure } from './failure.ts';

/** A part of the candidate that stands alone, with what it is fed and what should come out. */
export interface Piece {
  readonly specimen: Specimen;
  /** The reference's part of the same ends; null: it has none that can be cut out. */
  readonly reference: { readonly specimen: Specimen; readonly inputs: Names; readonly outputs: Names } | null;
  /** Outputs that the reference has as inputs: output → input. Null: there are none, or others too. */
  readonly handedOn: Names | null;
  readonly feeds: NamedTensors;
  readonly expected: NamedTensors;
  readonly ran: Ran;
  readonly failure: PieceFailure | null;
}

/** Candidate's name → reference's. */
export type Names = ReadonlyMap<string, string>;

/** Relative to rms: what float64 values lose in float32, and far less than what they lose in float16. */
const SURVIVES = 1e-6;

/** Cuts pieces out of a candidate. */
export class Cutter {
  readonly question: Question;
  readonly graph: OpGraph;
  readonly #lab: Lab;
  readonly #maker: ReadonlyMap<string, OpNode>;
  readonly #readers: ReadonlyMap<string, readonly OpNode[]>;

  /** What the candidate itself has where the reference's values are not known. */
  readonly #own = new Map<string, Tensor>();

  constructor(question: Question, graph: OpGraph) {
    this.question = question;
    this.graph = graph;
    this.#lab = question.scene.lab;
    this.#maker = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, OpNode] => [name, node])));
    const readers = new Map<string, OpNode[]>();
    for (const node of graph.nodes)
      for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
    this.#readers = readers;
  }

  /**
   * The piece of these nodes, run. Tensors that come into it hold what the reference has there; where that is not known, what
   * makes the tensor becomes part of the piece. Null: nothing in it can be compared, or it cannot be cut out.
   */
  async piece(ids: readonly string[], only?: string): Promise<Piece | null> {
    const closed = this.#closed(ids);
    if (closed === null) return null;
    const { nodes, feeds } = closed;
    const ends = only === undefined ? this.#ends(nodes) : [only];
    const expected = new Map(
      ends.flatMap((name): [string, Tensor][] => {
        const value = this.#expected(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const outputs = expected.size > 0 ? [...expected.keys()] : ends;
    if (outputs.length === 0 || feeds.size === 0) return null;
    try {
      const specimen = await this.#lab.cut(this.question.scene.lab.candidate as Specimen, {
        inputs: [...feeds.keys()],
        outputs,
      });
      const ran = await this.#lab.run(specimen, { sample: feeds, label: `${nodes.size} nodes alone` });
      const failure = failureOf(ran, expected);
      return { specimen, reference: null, handedOn: null, feeds, expected, ran, failure };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'edit-impossible') return null;
      throw error;
    }
  }

  /**
   * Runs what of a piece can be run before it fails, so that the rest can be fed with it: for models that do not run, of which
   * nothing else is known. Gives back all nodes of the piece; null: nothing was found.
   */
  async learn(ids: readonly string[]): Promise<readonly string[] | null> {
    const all = this.#closed(ids)?.nodes ?? new Set(ids);
    const nodes = this.graph.nodes.filter(({ id }) => all.has(id));
    const candidate = this.#lab.candidate as Specimen;
    for (let count = nodes.length - 1; count > 0; count--) {
      const outputs = nodes.slice(0, count).flatMap((node) => node.outputs.filter((name) => name !== ''));
      const feeds = this.#closed(nodes.slice(0, count).map(({ id }) => id))?.feeds;
      if (feeds === undefined || feeds.size === 0) return null;
      try {
        const specimen = await this.#lab.cut(candidate, { inputs: [...feeds.keys()], outputs });
        const ran = await this.#lab.run(specimen, { sample: feeds, label: `the first ${count} nodes` });
        if (!ran.ok) continue;
        for (const name of outputs) {
          const value = ran.outputs.get(name);
          if (value !== undefined) this.#own.set(name, value);
        }
        return [...all];
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'edit-impossible') throw error;
      }
    }
    return null;
  }

  /** The same piece with the reference's counterpart, where that can be cut out under the names that were matched. */
  async withReference(piece: Piece): Promise<Piece> {
    const { reference } = this.#lab;
    if (reference === null || reference.format !== 'onnx' || !this.#lab.canEdit(reference)) return piece;
    const inputs = this.#names([...piece.feeds.keys()]);
    const outputs = this.#names([...piece.expected.keys()]);
    if (inputs === null || outputs === null || outputs.size === 0) return piece;
    const handedOn = [...outputs].flatMap(([output, own]): [string, string][] => {
      const input = [...inputs].find(([, theirs]) => theirs === own)?.[0];
      return input === undefined ? [] : [[output, input]];
    });
    if (handedOn.length === outputs.size) return { ...piece, handedOn: new Map(handedOn) };
    try {
      const specimen = await this.#lab.cut(reference, {
        inputs: [...new Set(inputs.values())],
        outputs: [...new Set(outputs.values())],
      });
      return { ...piece, reference: { specimen, inputs, outputs } };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'edit-impossible') return piece;
      throw error;
    }
  }

  /** Grows a set of nodes until all that comes into it is known. */
  #closed(ids: readonly string[]): { nodes: Set<string>; feeds: Map<string, Tensor> } | null {
    const byId = new Map(this.graph.nodes.map((node) => [node.id, node]));
    const nodes = new Set(ids);
    const feeds = new Map<string, Tensor>();
    const left = [...nodes];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      for (const name of byId.get(id)?.inputs ?? []) {
        if (name === '' || feeds.has(name) || this.graph.tensors[name]?.constant === true) continue;
        const maker = this.#maker.get(name);
        if (maker !== undefined && nodes.has(maker.id)) continue;
        const value = this.#fed(name, maker === undefined);
        if (value !== undefined) feeds.set(name, value);
        else if (maker === undefined) return null;
        else {
          nodes.add(maker.id);
          left.push(maker.id);
        }
      }
    }
    // A tensor that was fed before its maker came in is made inside.
    for (const name of feeds.keys()) if (nodes.has(this.#maker.get(name)?.id ?? '')) feeds.delete(name);
    return { nodes, feeds };
  }

  /** Results that somebody outside reads, or that are the model's. */
  #ends(nodes: ReadonlySet<string>): string[] {
    const outputs = new Set(this.graph.outputs);
    return this.graph.nodes
      .filter(({ id }) => nodes.has(id))
      .flatMap((node) => node.outputs)
      .filter((name) => name !== '')
      .filter((name) => outputs.has(name) || (this.#readers.get(name) ?? []).some(({ id }) => !nodes.has(id)));
  }

  /** What a tensor that comes into a piece holds, in the candidate's dtype. */
  #fed(name: string, isInput: boolean): Tensor | undefined {
    const { scene } = this.question;
    const given = this.#lab.facts.inputs.find((each) => each.candidate === name)?.reference ?? name;
    const value = isInput
      ? (scene.candidate?.values.get(name) ?? this.#lab.inputs(scene.sample).get(given))
      : (counterpart(this.question, name) ?? this.#own.get(name));
    if (value === undefined) return undefined;
    const fed = this.#narrowed(name, value);
    // A value that rounding has changed is another input: what makes it of a wider one belongs to the piece.
    return isInput || wrongness(distance(value, fed)) <= SURVIVES || value.dtype === 'string' ? fed : undefined;
  }

  #expected(name: string): Tensor | undefined {
    const { scene } = this.question;
    const output = this.#lab.facts.outputs.find((each) => each.candidate === name);
    const value =
      output === undefined
        ? counterpart(this.question, name)
        : (scene.reference?.values.get(output.reference) ??
          this.#lab.observed(scene.sample).reference?.get(output.reference));
    return value === undefined ? undefined : this.#narrowed(name, value);
  }

  /** Float64 twins hold wider values than the model takes and gives. */
  #narrowed(name: string, value: Tensor): Tensor {
    const dtype = this.graph.tensors[name]?.dtype ?? (value.dtype === 'float64' ? 'float32' : value.dtype);
    return dtype === 'string' || value.dtype === 'string' ? value : cast(value, dtype);
  }

  #names(tensors: readonly string[]): Names | null {
    const { alignment } = this.question.scene;
    const { inputs, outputs } = this.#lab.facts;
    const names = new Map<string, string>();
    for (const name of tensors) {
      const [match] = alignment?.ofCandidate(name) ?? [];
      const own = [...inputs, ...outputs].find(({ candidate }) => candidate === name)?.reference;
      const other = own ?? (match?.permutation === undefined ? match?.reference : undefined);
      if (other === undefined) return null;
      names.set(name, other);
    }
    return names;
  }
}
