import { describe, expect, test } from 'vitest';
import { countCases, exitCodeOf } from '../../src/engine/exit-code.ts';
import type { ReportCase } from '../../src/records/report.ts';

/** The part of a case that decides. */
const line = (
  verdict: ReportCase['verdict'],
  more: { code?: string; met?: boolean; optional?: boolean } = {},
): ReportCase =>
  ({
    verdict,
    optional: more.optional ?? false,
    findings:
      more.code === undefined
        ? []
        : [{ code: more.code, severity: 'error', where: 'reference', args: {}, message: '' }],
    ...(more.met === undefined ? {} : { expected: { reason: 'r', met: more.met } }),
  }) as unknown as ReportCase;

const [pass, fail, optional] = [line('pass'), line('fail'), line('skipped', { optional: true })];
const noPython = line('error', { code: 'python-missing' });

describe('the exit code', () => {
  test.each<[string, ReportCase[], number]>([
    ['nothing at all', [], 1],
    ['all pass', [pass, pass], 0],
    ['one fails', [pass, fail], 1],
    ['unverifiable', [pass, line('unverifiable')], 1],
    ['skipped without optional', [pass, line('skipped')], 1],
    ['skipped with optional, beside a pass', [pass, optional], 0],
    ['only skipped', [optional, optional], 1],
    ['an expected failure', [line('fail', { met: true })], 0],
    ['an expected failure that is over', [line('fail', { met: false })], 1],
    ['an expected failure that passes', [line('pass', { met: false })], 0],
    ['no case could run', [noPython, noPython], 3],
    ['one could not run, one passes', [noPython, pass], 1],
    ['one could not run, one fails', [noPython, fail], 1],
    ['one could not run, one was skipped', [noPython, optional], 3],
    ['a reference that does not load', [line('error', { code: 'model-load-failed' })], 1],
    ['our own bug, beside anything', [pass, fail, line('error', { code: 'internal-error' })], 70],
  ])('%s', (_, cases, code) => expect(exitCodeOf(cases)).toBe(code));
  test('totals: an expected failure counts as such and nowhere else', () => {
    expect(
      countCases([
        pass,
        fail,
        line('fail', { met: true }),
        line('fail', { met: false }),
        noPython,
        optional,
        line('unverifiable'),
      ]),
    ).toEqual({ pass: 1, fail: 2, unverifiable: 1, error: 1, skipped: 1, expectedFail: 1 });
  });
});
