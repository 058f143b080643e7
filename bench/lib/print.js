// One line a bench, the same shape for all.
const s = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(1));

/** `0.24 s (0.22–0.26)`: median, smallest, largest. */
export const spread = ({ median, min, max }) => `${s(median)} s (${s(min)}–${s(max)})`;

const verdict = (value, goal) => (value <= goal ? 'goal met' : 'goal missed');

export function ratioLine({ name, peerName, ours, peer, goal, runs }) {
  const ratio = ours.median / peer.median;
  return `${name.padEnd(10)} ${ratio.toFixed(2)}× of ${peerName}   goal ≤ ${goal.toFixed(2)}×: ${verdict(ratio, goal)}   onpar ${spread(ours)}, ${peerName} ${spread(peer)}, ${runs} pairs`;
}

export function secondsLine({ name, ours, goal, beside, runs }) {
  const others = Object.entries(beside).map(([what, times]) => `${what} ${spread(times)}`);
  return `${name.padEnd(10)} ${s(ours.median)} s   goal < ${goal.toFixed(2)} s: ${verdict(ours.median, goal)}   onpar ${spread(ours)}; beside it ${others.join(', ')}, ${runs} runs`;
}
