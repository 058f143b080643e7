import type { Conversion } from '../../plan/conversion.ts';
import type { RunContext } from '../context.ts';
import type { Trace } from '../conversion/trace.ts';
import { isEnvironmentCode } from '../report-case.ts';
import { Semaphore } from '../semaphore.ts';
import type { InvestigateChoice } from './choice.ts';

/** Looks for the causes of a run's failures, one after the other, within what all may cost together. */
export class Investigations {
  readonly #choice: InvestigateChoice;
  readonly #one = new Semaphore(1);
  #spent = 0;

  constructor(choice: InvestigateChoice) {
    this.#choice = choice;
  }

  /** Adds what was found to the trace of a conversion that failed; others are left alone. */
  async look(ctx: RunContext, conversion: Conversion, trace: Trace): Promise<void> {
    if (!this.#wanted(conversion, trace)) return;
    await this.#one.run(async () => {
      const seconds = Math.min(this.#choice.secondsPerCase, this.#choice.secondsInAll - this.#spent);
      if (seconds <= 0 || ctx.signal.aborted) return;
      const { investigateCase } = await import('./investigate-case.ts');
      trace.investigation = await investigateCase(ctx, conversion, trace, seconds);
      this.#spent += trace.investigation.investigation.milliseconds / 1000;
    });
  }

  #wanted({ convert, stages }: Conversion, { failure, comparison }: Trace): boolean {
    if (stages !== undefined || (convert.expect !== null && !this.#choice.expected)) return false;
    if (failure !== null) return failure.side === 'candidate' && !isEnvironmentCode(failure.error);
    return comparison?.verdict === 'fail';
  }
}
