import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import { parseServedAddress, servedName, servedRuntime } from '../../src/formats/served-address.ts';

describe('the address of a served model', () => {
  test.each([
    ['http://h:8000/v2/models/m', 'oip-rest', 'http://h:8000', 'm', null],
    ['https://h/v2/models/m/versions/3/infer', 'oip-rest', 'https://h', 'm', '3'],
    ['http://h/gateway/ns/v2/models/my%20model/', 'oip-rest', 'http://h/gateway/ns', 'my model', null],
    ['oip:http://h/v2/models/m', 'oip-rest', 'http://h', 'm', null],
    ['oip+grpc://h:9000/m', 'oip-grpc', 'h:9000', 'm', null],
    ['grpcs://[::1]:9000/m/versions/2', 'oip-grpc', '[::1]:9000', 'm', '2'],
    ['http://h:8501/v1/models/m', 'tfserving-rest', 'http://h:8501', 'm', null],
    ['tfserving:http://h/v1/models/m/versions/3:predict', 'tfserving-rest', 'http://h', 'm', '3'],
    ['tfserving:http://h/v1/models/m/labels/stable', 'tfserving-rest', 'http://h', 'm', 'stable'],
    ['http://h:8080/invocations', 'sagemaker', 'http://h:8080', '', null],
    ['sagemaker:https://h/endpoints/e/invocations', 'sagemaker', 'https://h/endpoints/e', '', null],
  ])('%s', (spec, protocol, base, model, version) => {
    expect(parseServedAddress(spec)).toMatchObject({ protocol, base, model, version });
    expect(servedRuntime(spec)).toBe(protocol);
    expect(detectFormat(spec)).toEqual({ format: 'served', path: spec });
  });

  test.each([
    ['http://h/some/page', /tells no protocol/, /\/v2\/models\/NAME/],
    ['oip:http://h/v1/models/m', /path is not …\/v2\/models\/NAME/, /oip:http:\/\/h\/v2/],
    ['tfserving:http://h/v1/models/m:classify', /`:classify` has no tensors/, /:predict/],
    ['oip+grpc://h/m', /names no port/, /HOST:PORT\/NAME/],
    ['oip+grpc://h:1', /no model/, /HOST:PORT\/NAME/],
    ['http://', /is no address/, /\/invocations/],
  ])('%s is refused with what would do', (spec, message, fix) => {
    expect(() => servedRuntime(spec)).toThrow(
      expect.objectContaining({
        code: 'served-address',
        message: expect.stringMatching(message),
        fix: expect.stringMatching(fix),
      }),
    );
  });

  test.each(['http://me:s3cret@h/v2/models/m', 'http://h/v2/models/m?key=s3cret', 'oip+grpc://me:s3cret@h:1/m'])(
    '%s would put a secret into reports',
    (spec) => {
      let told = '';
      try {
        detectFormat(spec);
      } catch (error) {
        told = `${(error as Error).message} ${(error as { fix?: string }).fix}`;
      }
      expect(told).toMatch(/would stand in every report.*TOKEN/s);
      expect(told).not.toContain('s3cret');
    },
  );

  test('names in ids', () => {
    expect(servedName('http://h/v2/models/m/versions/3')).toBe('m-3');
    expect(servedName('http://h:8080/invocations')).toBe('h:8080');
  });

  test('`served:` without an address', () => {
    expect(() => detectFormat('served:model')).toThrow(/`served:model` names no address/);
  });
});
