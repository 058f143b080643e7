import { palette, shorten } from '../../report/terminal/style.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

interface Line {
  readonly name: string;
  readonly size: string;
}

interface State {
  readonly kind: 'waiting' | 'running' | 'done' | 'failed';
  readonly text: string;
  readonly since: number;
  readonly seconds: number;
}

/** A line for each toolchain, redrawn where someone watches; else a plain line for each thing that begins or ends. */
export interface Progress {
  begin(name: string, text: string): void;
  done(name: string, text: string): void;
  failed(name: string, text: string): void;
  stop(): void;
}

export function createProgress(lines: readonly Line[]): Progress {
  const out = process.stderr;
  const live = out.isTTY === true && !process.env.CI && process.env.TERM !== 'dumb';
  const p = palette(live && !process.env.NO_COLOR);
  const states = new Map<string, State>();
  const width = Math.max(...lines.map(({ name }) => name.length));
  const room = Math.max(...lines.map(({ size }) => size.length));
  let drawn = 0;
  let frame = 0;

  const textOf = ({ name, size }: Line): string => {
    const state = states.get(name);
    const head = `${name.padEnd(width)}  ${size.padStart(room)}  `;
    if (state === undefined) return p.dim(`  · ${head}waits`);
    const running = state.kind === 'running';
    const seconds = running ? Math.floor((Date.now() - state.since) / 1000) : state.seconds;
    const time = seconds > 0 ? `, ${seconds} s` : '';
    const said = shorten(`${state.text}${time}`, Math.max(10, (out.columns ?? 100) - width - room - 9));
    if (running) return `  ${p.cyan(live ? (FRAMES[frame % FRAMES.length] as string) : '…')} ${head}${said}`;
    return state.kind === 'done' ? `  ${p.green('✓')} ${head}${p.dim(said)}` : `  ${p.red('✗')} ${head}${p.red(said)}`;
  };
  const draw = (): void => {
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    out.write(`${up}${lines.map((line) => `\r\u001b[2K${textOf(line)}\n`).join('')}`);
    drawn = lines.length;
    frame++;
  };
  const set = (name: string, kind: State['kind'], text: string): void => {
    const before = states.get(name);
    const since = before?.since ?? Date.now();
    states.set(name, {
      kind,
      text,
      since,
      seconds: before === undefined ? 0 : Math.round((Date.now() - since) / 1000),
    });
    const line = lines.find((l) => l.name === name);
    if (live || line === undefined) return;
    if (before?.kind !== kind || before.text !== text) out.write(`${textOf(line)}\n`);
  };
  const timer = live ? setInterval(draw, FRAME_MS) : undefined;
  timer?.unref();
  if (live) draw();
  return {
    begin: (name, text) => set(name, 'running', text.replace(/^still installing, \d+ s$/, 'installing')),
    done: (name, text) => set(name, 'done', text),
    failed: (name, text) => set(name, 'failed', text),
    stop: () => {
      clearInterval(timer);
      if (live) draw();
    },
  };
}
