/**
 * Two classes of error, never mixed: `OnparError` is something the user can mend (it names the value, what is
 * allowed and the fix); anything else that reaches the command line is a bug of ours and asks for a report.
 */
export interface OnparErrorInit {
  /** Stable kebab-case code; documented in docs/findings.md. */
  readonly code: string;
  /** What is wrong, naming the file and the value. One line. */
  readonly message: string;
  /** How to mend it: the allowed values or the switch to change. */
  readonly fix?: string;
  /** Longer material shown below the message: a trimmed traceback, a code frame. */
  readonly detail?: string;
  readonly exitCode?: number;
  readonly cause?: unknown;
}

export class OnparError extends Error {
  readonly code: string;
  readonly fix: string | undefined;
  readonly detail: string | undefined;
  /** Process exit code when this error ends the run: 2 usage or suite, 3 environment. */
  readonly exitCode: number;

  constructor({ code, message, fix, detail, exitCode = 2, cause }: OnparErrorInit) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OnparError';
    this.code = code;
    this.fix = fix;
    this.detail = detail;
    this.exitCode = exitCode;
  }
}

/** A failure that travelled through records: what a worker, a runtime or an exporter answered instead of a result. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
  readonly detail?: string | undefined;
}

/** The error that a recorded failure was, or will be thrown as. */
export function failureError({ code, message, fix, detail }: Failure, exitCode = 1): OnparError {
  return new OnparError({
    code,
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(detail === undefined ? {} : { detail }),
    exitCode,
  });
}

/** Turns anything thrown into the plain shape that records and reports keep. */
export function toFailure(error: unknown): Failure {
  if (error instanceof OnparError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    };
  }
  const e = error instanceof Error ? error : new Error(String(error));
  return {
    code: 'internal-error',
    message: e.message.split('\n')[0] ?? '',
    ...(e.stack === undefined ? {} : { detail: e.stack }),
  };
}
