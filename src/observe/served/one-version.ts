import { servedError } from './errors.ts';

/** Watches which version of a model answers: half of the samples from one and half from another prove nothing. */
export class OneVersion {
  #seen: string | undefined;

  /** OnparError `served-failed` when another version answers than before. */
  check(version: string): void {
    if (version === '') return;
    this.#seen ??= version;
    if (version === this.#seen) return;
    throw servedError(
      'served-failed',
      `version ${version} of the model answers, before it was ${this.#seen}`,
      'name the version in the address (…/versions/N), or wait until the roll-out is over',
    );
  }
}
