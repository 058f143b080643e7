/** The inlined call of a function, and what TensorFlow puts around one: neither is a layer. */
const CALL = /^(?:Stateful)?PartitionedCall(?:_\d+)?$/;
const BORDER = /^Func\/.+\/(?:input|output)(?:_control_node)?\/_\d+$/;
const COUNTED = /^.+_(\d+)$/;

/** An operator's name without the call that it was inlined from and the number of its output. */
export function operatorName(name: string): string {
  const parts = name.replace(/:0$/, '').split('/');
  while (parts.length > 1 && CALL.test(parts[0] as string)) parts.shift();
  return parts.join('/');
}

const scopesOf = (name: string): string[] => (BORDER.test(name) ? [] : operatorName(name).split('/').slice(0, -1));

/**
 * Layers in the names that TensorFlow and its converters give to operators, `functional_1/stem_1/Conv2D`, as
 * converters/host/onpar_host/layer_scopes.py tells them: the model's own scope is left out, and so is the number that a model
 * gets which is traced again.
 */
export class LayerScopes {
  readonly #root: string | null;
  readonly #trace: string | null;

  constructor(names: Iterable<string>) {
    const scopes = [...names].map(scopesOf).filter((found) => found.length > 0);
    const firsts = new Set(scopes.map(([first]) => first as string));
    const deep = scopes.filter((found) => found.length > 1);
    this.#root = firsts.size === 1 && deep.length > 0 ? ([...firsts][0] as string) : null;
    const numbers = new Set(
      deep.flatMap((found) => found.slice(0, 2).map((scope) => COUNTED.exec(scope)?.[1] ?? null)),
    );
    this.#trace = this.#root !== null && numbers.size === 1 ? ([...numbers][0] ?? null) : null;
  }

  /** Scopes of one operator below the model, outermost first, as its author named them. */
  layers(name: string): string[] {
    const scopes = scopesOf(name);
    if (this.#root !== null && scopes[0] === this.#root) scopes.shift();
    if (this.#trace === null) return scopes;
    const ending = `_${this.#trace}`;
    const inside = scopes.findIndex((scope) => !scope.endsWith(ending));
    return scopes.slice(0, inside < 0 ? undefined : inside).map((scope) => scope.slice(0, -ending.length));
  }

  /** Names under which others may know what was made of these operators, best first: layers before the operators themselves. */
  origins(names: readonly string[]): string[] {
    const given = names.filter((name) => name !== '' && !CALL.test(operatorName(name)));
    const paths = given.map((name) => this.layers(name));
    const depth = Math.max(0, ...paths.map((path) => path.length));
    const layers = Array.from({ length: depth }, (_, shorter) =>
      paths.filter((path) => path.length > shorter).map((path) => path.slice(0, path.length - shorter).join('/')),
    ).flat();
    return [...new Set([...layers, ...given.map(operatorName)])];
  }
}
