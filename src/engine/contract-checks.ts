import { toFailure } from '../core/errors.ts';
import type { RuntimeInfo } from '../records/catalogue.ts';
import type { FailureRecord } from '../records/finding.ts';
import { type ModelRef, PROTOCOL_VERSION, type Verb, type Verbs } from '../workers/protocol.ts';

/** Asks a host one thing. Rejects with what the host answers instead of a result. */
export type Ask = <V extends Verb>(verb: V, params: Verbs[V]['params']) => Promise<Verbs[V]['result']>;

/** Files that no runtime can open. */
export interface Unopenable {
  readonly root: string;
  /** Exists, and holds text. */
  readonly text: string;
  /** Does not exist. */
  readonly missing: string;
}

/** One promise of the worker protocol (docs/worker-protocol.md). Rejects with what was answered instead. */
export interface ContractCheck {
  readonly name: string;
  run(ask: Ask, files: Unopenable): Promise<void>;
}

async function refusal(request: Promise<unknown>, what: string): Promise<FailureRecord> {
  try {
    await request;
  } catch (error) {
    return toFailure(error);
  }
  throw new Error(`${what} was answered instead of refused`);
}

/** A refusal with one of these codes, whose message holds the text. */
async function refused(request: Promise<unknown>, what: string, codes: readonly string[], text = ''): Promise<void> {
  const { code, message } = await refusal(request, what);
  if (!codes.includes(code))
    throw new Error(`${what} was refused with \`${code}\` (${message}), not ${codes.join(' or ')}`);
  if (!message.includes(text)) throw new Error(`${what}: the message does not name ${text}: ${message}`);
}

const model = (format: string, path: string, root: string): ModelRef => ({ format, path, root, trust: true });

/** What every host must answer, in whatever language it is written. */
export const HOST_CHECKS: readonly ContractCheck[] = [
  {
    name: 'says hello with protocol, language and version',
    async run(ask) {
      const { protocol, language, version } = await ask('hello', {});
      if (protocol !== PROTOCOL_VERSION) throw new Error(`protocol ${protocol}, not ${PROTOCOL_VERSION}`);
      if (!language || !/\d+\.\d+/.test(version)) throw new Error(`language \`${language}\`, version \`${version}\``);
    },
  },
  {
    name: 'refuses a verb that does not exist, and lives on',
    async run(ask) {
      await refused(ask('dance' as Verb, {} as never), 'the verb `dance`', ['unknown-verb']);
      await ask('hello', {});
    },
  },
  {
    name: 'refuses a runtime that does not exist, and names it',
    run: (ask, { text, root }) =>
      refused(
        ask('open', { runtime: 'nothing', model: model('onnx', text, root), options: {}, inputs: [] }),
        'the runtime `nothing`',
        ['unknown-runtime'],
        'nothing',
      ),
  },
  {
    name: 'refuses a session that is not open',
    run: (ask) => refused(ask('close', { session: 'none' }), 'the session `none`', ['unknown-session']),
  },
];

const TEXT_CODES = [
  'model-load-failed',
  'model-file-missing',
  'callable-missing',
  'model-code-failed',
  'trust-required',
];

/** What every runtime must say of files that it cannot open. */
export const runtimeChecks = ({ name, formats }: RuntimeInfo): ContractCheck[] =>
  formats.flatMap((format): ContractCheck[] => {
    const open = (path: string, root: string) => ({
      runtime: name,
      model: model(format, path, root),
      options: {},
      inputs: [],
    });
    return [
      {
        name: `${name} names a ${format} file that is missing`,
        run: (ask, { missing, root }) =>
          refused(
            ask('open', open(missing, root)),
            'a missing file',
            ['model-file-missing', 'model-load-failed'],
            'missing.bin',
          ),
      },
      {
        name: `${name} refuses a text file as ${format} and names it`,
        run: (ask, { text, root }) => refused(ask('open', open(text, root)), 'a text file', TEXT_CODES, 'text.bin'),
      },
    ];
  });
