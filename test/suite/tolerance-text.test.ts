import { describe, expect, it } from 'vitest';
import { toleranceSetting } from '../../src/suite/tolerance-schema.ts';
import { parseToleranceOptions, parseTolerances } from '../../src/suite/tolerance-text.ts';

const gateOf = (text: string) => {
  const rule = parseToleranceOptions([text])['*'];
  return rule?.kind === 'gate' ? rule.gate : rule;
};

describe('task gates as text and as a table', () => {
  it.each([
    ['argmax=99%', { argmax: '99 %' }, { name: 'argmax', share: 0.99, axis: -1 }],
    ['argmax=0.99, axis=1', { argmax: 0.99, axis: 1 }, { name: 'argmax', share: 0.99, axis: 1 }],
    ['topk=5,overlap=98%', { topK: 5, overlap: '98%' }, { name: 'topK', k: 5, share: 0.98, axis: -1 }],
    [
      'accuracy=99.9%,labels=y',
      { accuracy: '99.9%', labels: 'y' },
      { name: 'accuracy', share: 0.999, labels: 'y', axis: -1, threshold: null },
    ],
    [
      'iou=0.9',
      { iou: 0.9 },
      {
        name: 'iou',
        iou: 0.9,
        share: 1,
        format: 'xyxy',
        scores: null,
        classes: null,
        scoreWithin: 0.1,
        minScore: null,
      },
    ],
    [
      'iou=0.5,matched=95%,format=xywh,scores=s,classes=c,scoreWithin=0.02,minScore=0.3',
      { iou: 0.5, matched: 0.95, format: 'xywh', scores: 's', classes: 'c', scoreWithin: 0.02, minScore: 0.3 },
      {
        name: 'iou',
        iou: 0.5,
        share: 0.95,
        format: 'xywh',
        scores: 's',
        classes: 'c',
        scoreWithin: 0.02,
        minScore: 0.3,
      },
    ],
  ])('%s', (text, table, gate) => {
    expect(gateOf(text)).toEqual(gate);
    expect(parseTolerances(toleranceSetting.parse(table))).toEqual({ '*': { kind: 'gate', gate } });
  });

  it('goes to the output that it names, whose name may hold a colon', () => {
    expect(parseToleranceOptions(['auto', 'logits:argmax=1', 'StatefulPartitionedCall:0:atol=1e-3'])).toEqual({
      '*': { kind: 'auto' },
      logits: { kind: 'gate', gate: { name: 'argmax', share: 1, axis: -1 } },
      'StatefulPartitionedCall:0': { kind: 'bounds', atol: 1e-3, rtol: 0 },
    });
  });

  it('knows an output by the name of a gate', () => {
    expect(parseTolerances(toleranceSetting.parse({ argmax: 'auto', iou: { atol: 1 } }))).toEqual({
      argmax: { kind: 'auto' },
      iou: { kind: 'bounds', atol: 1, rtol: 0 },
    });
    expect(toleranceSetting.safeParse({ argmax: 0.9, logits: 'auto' }).success).toBe(false);
  });

  it.each([
    ['argmax=101%', 'a share lies between 0 and 1'],
    ['argmax=99', 'a share lies between 0 and 1'],
    ['argmax=0.9,axis=1.5', 'is no whole number'],
    ['topk=2.5,overlap=1', 'is no whole number above 0'],
    ['topk=5', 'needs `overlap=…`'],
    ['accuracy=99%', 'needs `labels=…`'],
    ['accuracy=99%,label=y', '`label=y` is not accuracy=… or labels=… or axis=… or threshold=…'],
    ['iou=0.9,format=yxyx', 'is none of xyxy, xywh, cxcywh'],
    ['iou=0.9,minScore=0.5', 'without `scores:` no box has one'],
    ['relative=1%,atol=1', '`relative` stands alone'],
    ['argmax > 0.5 = x', ''],
  ])('refuses %s', (text, why) => {
    if (why === '') expect(gateOf(text)).toEqual({ kind: 'expression', expression: text });
    else expect(() => gateOf(text)).toThrow(why);
  });
});
