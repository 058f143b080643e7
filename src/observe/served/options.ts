import { OnparError } from '../../core/errors.ts';
import type { OptionSpec } from '../../records/catalogue.ts';

/** Options that every served runtime has. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  headers: {
    type: 'object',
    description: `Headers (gRPC: metadata) of every request; \`\${NAME}\` stands for an environment variable, whose value no report holds`,
  },
  timeout: { type: 'number', default: 60, description: 'Seconds that one request may take' },
  retries: {
    type: 'integer',
    default: 2,
    description:
      'How often a request is sent again after a lost connection or 429, 502, 503, 504 (UNAVAILABLE in gRPC)',
  },
  wait: { type: 'number', default: 0, description: 'Seconds to wait until the server and the model are ready' },
  maxMegabytes: { type: 'number', default: 256, description: 'Largest answer that is read' },
};

export interface ServedOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly waitMs: number;
  readonly maxBytes: number;
  /** Takes secrets out of a text that a server wrote. */
  readonly redact: (text: string) => string;
}

const VARIABLE = /\$\{([A-Za-z_]\w*)\}/g;
/** Headers that hold secrets by what they are called. */
const SECRET = /^(authorization|proxy-authorization|cookie)$|key|token|secret|password|credential/i;

/** Names of the environment variables that the headers of a served runtime take their values from. */
export function variablesOf(options: Readonly<Record<string, unknown>>): string[] {
  const { headers } = options;
  if (typeof headers !== 'object' || headers === null) return [];
  return [
    ...new Set(Object.values(headers).flatMap((text) => [...String(text).matchAll(VARIABLE)].map((m) => m[1] ?? ''))),
  ];
}

const wrong = (message: string, fix: string): OnparError =>
  new OnparError({ code: 'option-value', message, fix, exitCode: 1 });

/** Reads the common options. OnparError `option-value` names a variable that is not set, or a secret written out. */
export function servedOptions(options: Readonly<Record<string, unknown>>): ServedOptions {
  const secrets: string[] = [];
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries((options.headers ?? {}) as object)) {
    const text = String(value);
    if (SECRET.test(name) && text.search(VARIABLE) < 0) {
      throw wrong(
        `header \`${name}\` holds a secret, which would stand in every report`,
        `put it into an environment variable and write \`${name}: '\${NAME}'\``,
      );
    }
    headers[name] = text.replaceAll(VARIABLE, (_, variable: string) => {
      const found = process.env[variable];
      if (found === undefined || found === '')
        throw wrong(
          `header \`${name}\` takes the environment variable ${variable}, which is not set`,
          `set ${variable}`,
        );
      secrets.push(found);
      return found;
    });
  }
  return {
    headers,
    timeoutMs: positive(options, 'timeout', 60) * 1000,
    retries: positive(options, 'retries', 2),
    waitMs: positive(options, 'wait', 0) * 1000,
    maxBytes: positive(options, 'maxMegabytes', 256) * 1024 ** 2,
    redact: (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text),
  };
}

function positive(options: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = (options[name] ?? fallback) as number;
  if (value >= 0 && Number.isFinite(value)) return value;
  throw wrong(`option \`${name}\` is ${value}`, 'write a number that is not negative');
}
