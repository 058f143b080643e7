/** Formats that keep channels last by convention; all others keep them first. */
const CHANNELS_LAST = new Set([
  'keras',
  'savedmodel',
  'tflite',
  'tfjs',
  'tensorflow',
  'graphdef',
  'saved_model',
  'jax',
]);

/** Whether two formats lay pictures out alike, so that their tensors need no other order of axes to be compared. */
export const sameLayout = (a: string, b: string): boolean => CHANNELS_LAST.has(a) === CHANNELS_LAST.has(b);
