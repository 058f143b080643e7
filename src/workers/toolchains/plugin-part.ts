/** What comes from outside the tree, beside what every toolchain has. */
export interface PluginPart {
  /** The toolchain whose environment it shares; null: one of its own. */
  readonly environmentOf: string | null;
  /** Its requirements carry hashes. */
  readonly hashed: boolean;
  /** The Node module that offers its runtimes; null in Python. */
  readonly module: string | null;
}
