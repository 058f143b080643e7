import { describe, expect, test } from 'vitest';
import { failureError, OnparError, toFailure } from '../../src/core/errors.ts';
import { makeFinding, sentence } from '../../src/core/findings.ts';

describe('anything thrown as a record', () => {
  test('an error of the user’s keeps code, message, fix and detail, and only those', () => {
    expect(toFailure(new OnparError({ code: 'x', message: 'm', fix: 'f', detail: 'd', exitCode: 3 }))).toEqual({
      code: 'x',
      message: 'm',
      fix: 'f',
      detail: 'd',
    });
    expect(toFailure(new OnparError({ code: 'x', message: 'm' }))).toEqual({ code: 'x', message: 'm' });
  });
  test('anything else is our bug: one line, the stack beside it', () => {
    const failure = toFailure(new TypeError('no such thing\nRequire stack:\n- a'));
    expect(failure).toMatchObject({
      code: 'internal-error',
      message: 'no such thing',
      detail: expect.stringContaining('errors.test.ts'),
    });
    expect(toFailure('thrown text')).toMatchObject({ code: 'internal-error', message: 'thrown text' });
    expect(toFailure(undefined)).toMatchObject({ code: 'internal-error', message: 'undefined' });
  });
  test('and back: the same failure, with an exit code', () => {
    const failure = { code: 'x', message: 'm', fix: 'f', detail: 'd' };
    const error = failureError(failure, 3);
    expect([error.exitCode, error instanceof OnparError, toFailure(error)]).toEqual([3, true, failure]);
  });
});

describe('sentences', () => {
  test('a known code makes its own', () => {
    expect(sentence(makeFinding('dtype-changed', 'output label', { reference: 'int64', candidate: 'int32' }))).toBe(
      'output label changed dtype from int64 to int32',
    );
  });
  test('a code that nobody knows is shown with what it brings, never as JSON where it has words', () => {
    expect(sentence({ code: 'from-the-future', where: 'output y', args: { a: 1 } })).toBe(
      'output y: from-the-future {"a":1}',
    );
    expect(sentence({ code: 'from-the-future', where: 'reference', args: { message: 'no luck' } })).toContain(
      'no luck',
    );
    expect(sentence({ code: 'from-the-future', where: 'reference', args: { message: 'no luck' } })).not.toContain('{');
  });
});
