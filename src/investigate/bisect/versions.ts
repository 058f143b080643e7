import type { Bisection } from '../../records/investigation.ts';
import { BudgetSpent, type Lab } from '../lab.ts';
import { tryOtherwise } from './trials.ts';

/**
 * Between which versions of the candidate's runtime it changed. `versions` are in order, oldest first. Both ends are tried
 * first: where they say the same there is no boundary to be found by halving, and all are tried.
 */
export async function bisectVersions(lab: Lab, versions: readonly string[]): Promise<Bisection> {
  const trials: Bisection['trials'] = [];
  const tried = new Map<string, string>();
  const ask = async (version: string): Promise<string> => {
    const known = tried.get(version);
    if (known !== undefined) return known;
    const trial = await tryOtherwise(lab, `version ${version}`, { runtimeVersion: version });
    trials.push(trial);
    tried.set(version, trial.verdict);
    return trial.verdict;
  };
  const done = (complete: boolean): Bisection => ({
    over: 'version',
    trials,
    culprit: boundary(versions, tried),
    complete,
  });
  try {
    const [first, last] = [versions[0], versions.at(-1)];
    if (first === undefined || last === undefined) return done(true);
    const ends = [await ask(first), await ask(last)];
    if (ends[0] === ends[1] || ends.includes('failed')) {
      for (const version of versions) await ask(version);
      return done(true);
    }
    let low = 0;
    let high = versions.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const said = await ask(versions[middle] as string);
      // A version that does not install or run tells nothing: its neighbour is asked instead.
      if (said === 'failed') high--;
      else if (said === ends[0]) low = middle;
      else high = middle;
    }
    return done(true);
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return done(false);
  }
}

/** `1.22.0 agrees, 1.23.0 differs`, where two neighbours of those that answered do not say the same. */
function boundary(versions: readonly string[], tried: ReadonlyMap<string, string>): string | null {
  const answered = versions.flatMap((version) => {
    const said = tried.get(version);
    return said === undefined || said === 'failed' ? [] : [{ version, said }];
  });
  for (const [i, { version, said }] of answered.entries()) {
    const next = answered[i + 1];
    if (next !== undefined && next.said !== said) return `${version} ${said}, ${next.version} ${next.said}`;
  }
  return null;
}
