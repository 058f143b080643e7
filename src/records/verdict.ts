/** Best first. `close` and worse do not pass the gate by themselves. */
export const GRADES = ['identical', 'equivalent', 'close', 'different', 'broken'] as const;
export type Grade = (typeof GRADES)[number];

export const VERDICTS = ['pass', 'fail', 'unverifiable', 'error', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const worstGrade = (grades: readonly Grade[]): Grade | null =>
  grades.reduce<Grade | null>((w, g) => (w === null || GRADES.indexOf(g) > GRADES.indexOf(w) ? g : w), null);

/** Worst first, for totals and for combining outputs into a case. */
const ORDER: readonly Verdict[] = ['error', 'fail', 'unverifiable', 'skipped', 'pass'];
export const worstVerdict = (verdicts: readonly Verdict[]): Verdict =>
  ORDER.find((v) => verdicts.includes(v)) ?? 'unverifiable';
