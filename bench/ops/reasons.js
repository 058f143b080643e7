// Why a test does not agree, in words that many tests share: no paths, names or places in a runtime's own source.

const RULES = [
  [/dtype (\S+) is not one of/, (m) => `elements of type ${m[1]}, which no tensor file of onpar’s holds`],
  [/has elements of type (\S+),/, (m) => `elements of type ${m[1]}, which no tensor file of onpar’s holds`],
  [
    /is a (?:tensor\()?(\w+)\)?, which no tensor file/,
    (m) => `elements of type ${m[1]}, which no tensor file of onpar’s holds`,
  ],
  [
    /is a sequence, map or optional/,
    () => 'a sequence, map or optional, which onnxruntime’s JavaScript packages do not pass',
  ],
  [
    /unsupported data type: (\d+)/i,
    (m) => `elements of ONNX’s type number ${m[1]}, which onnxruntime’s JavaScript packages do not pass`,
  ],
  [/input \S+ is bfloat16/, () => 'a bfloat16 input, which onnxruntime’s JavaScript packages do not pass'],
  [/Unsupported model IR version: (\d+)/, (m) => `IR version ${m[1]} is not read yet`],
  [/Opset (\d+) is under development/, (m) => `opset ${m[1]} is not read yet`],
  [/(?:implementation|kernel) for (\w+\(\d+\))/, (m) => `no kernel for ${m[1]} with these types`],
  [/([\w.]+:\w+)\(-?\d+\) is not a registered/, (m) => `no operator ${m[1]}`],
  [/does not know (\S+)/, (m) => `no operator ${m[1].replace('::', ':')}`],
  [/Unrecognized attribute: (\w+) for operator (\w+)/, (m) => `${m[2]} has no attribute ${m[1]} there`],
  [/(Failed to construct locale with name:\S+?):/, (m) => `${m[1]}: this machine does not have it`],
  [/ERROR_MESSAGE: (.*)/, (m) => m[1]],
  [/ImportError: (.*)/, (m) => m[1]],
  [/Status Message: (.*)/, (m) => m[1]],
  [/during initialization: (.*)/, (m) => m[1]],
  [/(Type Error: .*)/, (m) => m[1]],
];

/** One line of at most 140 characters. */
export function reasonOf(message) {
  for (const [pattern, say] of RULES) {
    const found = pattern.exec(message);
    if (found) return tidy(say(found));
  }
  return tidy(message);
}

const tidy = (text) =>
  text
    .replaceAll(/(?:\/[\w.-]+)+\/(?=model\.onnx)/g, '')
    .replaceAll(/\/onnxruntime_src\/\S+ /g, '')
    .replaceAll(/(?:virtual |static )*[\w:]*onnxruntime::[\w:~<>]+(?:\([^()]*\))?(?: const)?/g, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/…$/, '')
    .trim()
    .slice(0, 140);
