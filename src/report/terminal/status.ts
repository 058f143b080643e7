import type { RunEvent } from '../../records/event.ts';
import { visible } from '../escape.ts';
import { formatDuration } from '../numbers.ts';
import type { ReporterContext } from '../reporter.ts';
import { palette, shorten } from './style.ts';

/** How often a CI log is told that the run still lives; some CI systems end a job that is silent for ten minutes. */
const HEARTBEAT_MS = 30_000;
const REDRAW_MS = 1_000;

/** Progress on stderr: one line redrawn where someone watches, else a plain line when something slow begins. */
export interface Status {
  event(event: RunEvent): void;
  /** Takes the line away so that other text can be written; the next `draw` brings it back. */
  clear(): void;
  draw(): void;
  stop(): void;
}

interface Running {
  readonly text: string;
  readonly since: number;
}

export function createStatus(ctx: ReporterContext, total: number): Status {
  const p = palette(ctx.colour && ctx.isTTY);
  const running = new Map<string, Running>();
  let done = 0;
  let drawn = false;
  let lastWrite = Date.now();

  const newest = (): Running | undefined => [...running.values()].at(-1);
  const say = (text: string): void => {
    lastWrite = Date.now();
    ctx.stderr.write(`${text}\n`);
  };
  const lineText = (): string => {
    const current = newest();
    const others = running.size > 1 ? ` (+${running.size - 1})` : '';
    const since =
      current === undefined
        ? ''
        : ` · ${formatDuration(Math.floor((Date.now() - current.since) / 1000) * 1000 || 1000)}`;
    return shorten(`${done}/${total} · ${current?.text ?? 'working'}${others}${since}`, ctx.columns - 1);
  };
  const clear = (): void => {
    if (drawn) ctx.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const draw = (): void => {
    if (!ctx.isTTY || running.size === 0) return;
    ctx.stderr.write(`\r\u001b[2K${p.dim(lineText())}`);
    drawn = true;
  };
  const tick = setInterval(
    () => {
      if (ctx.isTTY) draw();
      else if (running.size > 0 && Date.now() - lastWrite >= HEARTBEAT_MS) say(`… ${lineText()}`);
    },
    ctx.isTTY ? REDRAW_MS : HEARTBEAT_MS,
  );
  tick.unref();

  const begin = (key: string, text: string, slow: boolean): void => {
    running.set(key, { text: visible(text), since: Date.now() });
    if (ctx.isTTY) draw();
    else if (slow) say(`… ${done}/${total} · ${visible(text)}`);
  };
  const end = (key: string): void => {
    running.delete(key);
    if (running.size === 0) clear();
    else draw();
  };

  return {
    clear,
    draw,
    stop: () => {
      clearInterval(tick);
      clear();
    },
    event(event) {
      if (event.type === 'install') {
        const key = `install ${event.toolchain}`;
        if (event.done) end(key);
        else begin(key, `${event.toolchain}: ${event.message}`, true);
      } else if (event.type === 'step-start') {
        begin(
          stepKey(event),
          `${event.conversion} · ${event.label || event.step}`,
          event.step === 'export' || event.step === 'observe',
        );
      } else if (event.type === 'step-end') end(stepKey(event));
      else if (event.type === 'progress')
        begin(`progress ${event.conversion}`, `${event.conversion}: ${event.message}`, false);
      else if (event.type === 'case-end') {
        done = event.done;
        end(`progress ${event.conversion}`);
      }
    },
  };
}

const stepKey = (event: { step: string; conversion: string; label: string }): string =>
  JSON.stringify([event.step, event.conversion, event.label]);
