import { BudgetSpent } from '../../investigate/lab.ts';

/** The time that an investigation may take, and whether it is still wanted. */
export class Budget {
  readonly #until: number;
  readonly #signal: AbortSignal;
  experiments = 0;

  constructor(seconds: number, signal: AbortSignal) {
    this.#until = performance.now() + seconds * 1000;
    this.#signal = signal;
  }

  get secondsLeft(): number {
    return Math.max(0, (this.#until - performance.now()) / 1000);
  }

  /** Throws BudgetSpent when nothing more may be asked. */
  check(): void {
    if (this.#signal.aborted) throw new BudgetSpent(true);
    if (this.secondsLeft <= 0) throw new BudgetSpent(false);
  }
}
