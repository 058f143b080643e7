// Findings in words that are the same on every machine and for every model.

const GRADES = ['identical', 'equivalent', 'close', 'different', 'broken'];

/** The worst of some grades; undefined where nothing was graded. */
export const worstGrade = (grades) => GRADES.filter((grade) => grades.includes(grade)).at(-1);

/** Codes that only say that others left nothing to compare. */
const FOLLOWING = new Set(['no-sample-compared', 'fewer-samples']);

/** What a conversion that does not pass was found guilty of: `[{code, message}]`, the first of each code. */
export function faults({ findings, candidate, reference }) {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const telling = errors.filter(({ code }) => !FOLLOWING.has(code));
  const failure = candidate.failure ?? reference.failure;
  const all = telling.length > 0 ? telling : errors.length > 0 ? errors : failure ? [failure] : [];
  const first = new Map();
  for (const each of all)
    if (!first.has(each.code)) first.set(each.code, { code: each.code, message: plain(each.message) });
  return [...first.values()];
}

/** Without paths of this machine, store keys, or what would break a table. */
export function plain(message) {
  const text = message
    .replaceAll(/(?:\/[^\s/:]+)*\/?store\/steps\/[0-9a-f]{2}\/[0-9a-f]+\/[0-9a-f]+\//g, '')
    .replaceAll(/(?:\/[\w.@+-]+){2,}\//g, '')
    .replaceAll(/made\/[\w-]+\/[\w-]+\//g, '')
    .replace(/^candidate: /, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .trim();
  return text.length <= 260 ? text : `${text.slice(0, 257).trimEnd()} …`;
}
