/** What is remembered of a finished installation, beside it. */
export interface Stamp {
  readonly packages: Readonly<Record<string, string>>;
  /** Changes whenever a package does. */
  readonly digest: string;
}

/** An installation that is complete. */
export type Installed<S extends Stamp> = S & { readonly dir: string };

/** Told while something is installed. */
export type InstallListener = (toolchain: string, message: string, done: boolean) => void;

/** What there is to do once everything that installing needs was found. */
export interface Preparation<S extends Stamp> {
  /** The folder's whole name below the toolchains folder; begins with the recipe's `prefix`. */
  readonly folder: string;
  /** Fills the folder, which is empty; ends its installers with the signal. Throws with the installer's words in `all` or `stderr`. */
  make(dir: string, signal: AbortSignal): Promise<S>;
}

/** How one environment is installed: Python's with uv, Node's with npm. Knows nothing of locks, stamps and disks. */
export interface Recipe<S extends Stamp> {
  /** As messages call it. */
  readonly name: string;
  /** Size on disk once it is installed, in megabytes; null where nobody measured it. */
  readonly sizeMb: number | null;
  /** How names of its folders begin: everything but what only `prepare` finds out. */
  readonly prefix: string;
  /** Whether what the stamp speaks of still stands. */
  isSound(dir: string, stamp: S): boolean;
  prepare(say: (message: string) => void): Promise<Preparation<S>>;
  /** What to do when it fails. */
  readonly fix: string;
}
