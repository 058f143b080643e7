/** Tolerances with a name. Apart from `rules.ts`, so that reading a command line needs no schema library. */
export const TOLERANCE_PRESETS = ['float32', 'float16', 'bfloat16', 'int8'] as const;
