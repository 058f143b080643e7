import { compileRules } from '../compare/tolerance/rules.ts';
import { OnparError } from '../core/errors.ts';
import type { Plan } from '../plan/conversion.ts';

/** Compiles every tolerance expression, so that a misspelt measure is told before the first model runs, not after the last. */
export async function checkPlan({ conversions }: Plan): Promise<void> {
  for (const { id, rules } of conversions) {
    try {
      await compileRules(rules);
    } catch (error) {
      if (!(error instanceof OnparError)) throw error;
      throw new OnparError({
        code: error.code,
        message: `${id}: ${error.message}`,
        ...(error.fix === undefined ? {} : { fix: error.fix }),
        cause: error,
      });
    }
  }
}
