import { expect, test } from 'vitest';
import type { ActivationWatch } from '../../src/compare/activation-watch.ts';
import { type RunTapped, watchGroup } from '../../src/engine/activation-groups.ts';
import type { Activation } from '../../src/formats/onnx/activations.ts';
import type { Sample } from '../../src/records/sample.ts';
import { tensorFrom } from '../../src/tensor/build.ts';

const relu = (tensor: string): Activation => ({
  tensor,
  node: tensor,
  operator: 'Relu',
  isOutput: false,
  rectifies: true,
  flatBelow: null,
  flatAbove: null,
  channelAxis: -1,
});

const sample = (id: string, rows: number): Sample => ({
  id,
  generator: 'normal',
  seed: 0,
  inputs: [{ name: 'x', dtype: 'float32', shape: [rows] }],
  digest: id,
  file: id,
});

/** A model whose tensors have as many elements as its sample has rows, times their own width. */
function model(widths: Readonly<Record<string, number>>) {
  const runs: string[] = [];
  const run: RunTapped = async (group, samples, onSample) => {
    const name = group.map(({ tensor }) => tensor).join('+');
    for (const each of samples) {
      const rows = each.inputs[0]?.shape[0] ?? 0;
      const shapes = group.map(({ tensor }) => [tensor, [rows, widths[tensor] ?? 0]] as const);
      runs.push(`${name}@${each.id}`);
      const outputs = shapes.map(([tensor, shape]) => ({ name: tensor, dtype: 'float32' as const, shape: [...shape] }));
      const goesOn = onSample(
        each,
        outputs,
        () =>
          new Map(
            shapes.map(([tensor, [r, w]]) => [
              tensor,
              tensorFrom('float32', [r as number, w as number], new Float64Array((r as number) * (w as number))),
            ]),
          ),
      );
      if (!goesOn) return false;
    }
    return true;
  };
  return { run, runs };
}

test('the smallest sample tells whether a group fits; what does not is halved, and a lone tensor left out', async () => {
  const { run, runs } = model({ a: 1, b: 1, huge: 100 });
  const watches = new Map<string, ActivationWatch>();
  // Ten rows of a and b are 80 bytes; of huge 4000.
  await watchGroup(run, ['a', 'b', 'huge'].map(relu), [sample('large', 10), sample('small', 1)], watches, 100);
  expect(runs).toEqual(['a+b+huge@small', 'a+b@small', 'a+b@large', 'huge@small']);
  expect([...watches.keys()]).toEqual(['a', 'b']);
  expect(watches.get('a')?.result()).toMatchObject({ samples: 2, state: 'stuck' });
});

test('a tensor that no sample reached is not reported', async () => {
  const watches = new Map<string, ActivationWatch>();
  await watchGroup(async () => true, [relu('a')], [sample('small', 1)], watches);
  expect(watches.size).toBe(0);
});
