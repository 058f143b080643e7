import { OnparError } from '../core/errors.ts';
import { isModelAddress } from '../core/model-address.ts';
import { allowedValues, nearest } from '../core/nearest.ts';
import { type Format, isFormat, KNOWN_FORMATS } from './known.ts';

/** A model as the user named it, taken apart; nothing has been opened yet. */
export interface ModelSpec {
  readonly path: string;
  readonly format?: Format;
  readonly callable?: string;
}

/** What may stand after the last colon of `file.py:name`: a dotted Python name. */
const CALLABLE = /^(.*\.pyw?):([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)$/u;
/** A word before a colon. One letter is a Windows drive, dots and slashes belong to paths. */
const PREFIX = /^([A-Za-z][\w-]+):(.*)$/s;

/**
 * Takes `format:path`, `file.py:callable`, the address of a served model or a plain path apart. `exists` decides where the text is
 * ambiguous: a path that exists is that path, whatever colons it has. OnparError `unknown-format` or `bad-model-spec`.
 */
export function parseSpec(spec: string, exists: (path: string) => boolean): ModelSpec {
  if (spec.trim() === '') {
    throw new OnparError({
      code: 'bad-model-spec',
      message: 'a model has an empty name',
      fix: 'give a path, `file.py:callable` or `format:path`',
    });
  }
  if (isModelAddress(spec)) return { path: spec.replace(/^served:/i, ''), format: 'served' };
  if (exists(spec)) return { path: spec };
  const [, prefix = '', rest = ''] = PREFIX.exec(spec) ?? [];
  if (isFormat(prefix.toLowerCase())) {
    if (rest === '') {
      throw new OnparError({
        code: 'bad-model-spec',
        message: `\`${spec}\` names no file`,
        fix: `write \`${prefix}:path\``,
      });
    }
    if (prefix.toLowerCase() === 'served') {
      throw new OnparError({
        code: 'bad-model-spec',
        message: `\`${spec}\` names no address`,
        fix: 'write http://HOST/v2/models/NAME, oip+grpc://HOST:PORT/NAME, tfserving:http://… or sagemaker:http://…',
      });
    }
    return { ...withCallable(rest, exists), format: prefix.toLowerCase() as Format };
  }
  if (
    prefix !== '' &&
    rest !== '' &&
    !CALLABLE.test(spec) &&
    (exists(rest) || nearest(prefix, KNOWN_FORMATS) !== undefined)
  ) {
    throw new OnparError({
      code: 'unknown-format',
      message: `\`${spec}\`: unknown format \`${prefix}\``,
      fix: allowedValues(prefix, KNOWN_FORMATS),
    });
  }
  return withCallable(spec, exists);
}

function withCallable(text: string, exists: (path: string) => boolean): ModelSpec {
  if (exists(text)) return { path: text };
  const [, path, callable] = CALLABLE.exec(text) ?? [];
  if (path !== undefined && callable !== undefined) return { path, callable };
  const [, file, name] = /^(.*\.pyw?):([^/\\]*)$/.exec(text) ?? [];
  if (file !== undefined) {
    throw new OnparError({
      code: 'bad-model-spec',
      message: `\`${text}\`: \`${name}\` is not the name of a Python function`,
      fix: `write the name alone, as in \`${file}:build\``,
    });
  }
  const [, other, attribute] = /^(.+):([\p{L}_][\p{L}\p{N}_.]*)$/u.exec(text) ?? [];
  if (other !== undefined && exists(other)) {
    throw new OnparError({
      code: 'bad-model-spec',
      message: `\`${text}\`: only Python files have a callable, and ${other} is none`,
      fix: `leave \`:${attribute}\` out`,
    });
  }
  return { path: text };
}
