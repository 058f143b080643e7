/** How every command line of onpar is read: values stay text, an option that is given again is given several times. */
export const parserConfiguration = {
  'duplicate-arguments-array': true,
  'camel-case-expansion': true,
  'strip-dashed': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'greedy-arrays': false,
  'dot-notation': false,
} as const;
