import type { RunEvent } from '../records/event.ts';

type WithoutTime<E> = E extends unknown ? Omit<E, 'time'> : never;

/** An event before its time is put on it. */
export type UntimedEvent = WithoutTime<RunEvent>;

/** Tells whoever listens to the run. */
export type Emit = (event: UntimedEvent) => void;
