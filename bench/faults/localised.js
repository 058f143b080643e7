// Does the node that onpar names stand where the fault was made?

const words = (text) => text.toLowerCase().split(/[./:]/);

/** The label's words follow each other in those of the answer: `norms.41` in `encoder.norms.41`, not in `norms.4`. */
function holds(named, label) {
  const [all, wanted] = [words(named), words(label)];
  return all.some((_, start) => wanted.every((word, i) => all[start + i] === word));
}

/** A node of a framework's graph: by the layer that it belongs to, its line of code, or its operator. */
function isOf({ node, opType, op, module = [], source }, { at, lines, ops }) {
  const kind = opType ?? op ?? '';
  const named = [node, kind, module.join('/')];
  const text = typeof source === 'string' ? source : (source?.text ?? '');
  return (
    at.some((label) => named.some((name) => holds(name, label))) ||
    lines.some((line) => text.includes(line)) ||
    ops.some((label) => kind.startsWith(label))
  );
}

/** Graphs of frameworks are not read here: their neighbours are those of onpar's list around the divergence. */
function isNextTo(answer, place, tracked) {
  const here = tracked.findIndex(({ node }) => node === answer.node);
  if (here < 0) return false;
  return [here - 1, here + 1].some((i) => tracked[i] !== undefined && isOf(tracked[i], place));
}

/** `exact`, `near` (one node away), `elsewhere`, or `none` where no node is named. */
export function localised(answer, place, tracked) {
  if (!answer) return 'none';
  if (place.near !== undefined) {
    const named = (names) => names.includes(answer.node) || names.includes(answer.tensor);
    return named(place.at) ? 'exact' : named(place.near) ? 'near' : 'elsewhere';
  }
  return isOf(answer, place) ? 'exact' : isNextTo(answer, place, tracked) ? 'near' : 'elsewhere';
}
