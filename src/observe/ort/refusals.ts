/** Phrases of ONNX Runtime (core/graph/model.cc, core/graph/graph.cc, core/framework/session_state.cc) and what they mean. */
const REASONS = [
  {
    code: 'opset-unsupported',
    pattern:
      /is under development and support for this is limited|Unsupported model IR version|only \*guarantees\* support/,
    fix: 'convert it down with the exporter `onnx-opset`, or use a newer runtime',
  },
  {
    code: 'type-unsupported',
    pattern: /unsupported data type: \d+/i,
    fix: 'cast it inside the model, or use the runtime `onnxruntime`',
  },
  {
    code: 'operator-unsupported',
    pattern:
      /NOT_IMPLEMENTED|Failed to find kernel for|Could not find an implementation for|is not a registered function\/op|No Op registered for|not a registered op/,
    fix: 'another runtime may have it: `--runtime onnxruntime` or `onnx-reference`',
  },
] as const;

/** What a refusal to open a model says beyond “no”; undefined where it says no more. */
export function refusalOf(message: string): { readonly code: string; readonly fix: string } | undefined {
  const found = REASONS.find(({ pattern }) => pattern.test(message));
  return found && { code: found.code, fix: found.fix };
}

/** Where in its C++ something was thrown: file, line and signature, longer than what is said. */
const PLACE =
  /\/onnxruntime_src\/\S+:\d+ (?:(?:virtual|static|const|class) )*(?:[\w:<>&*]+ )*?~?[\w:<>~]+\([^()]*\)(?: const)?(?: \[[^\]]*\])? /g;

/** A node with the types of all its inputs and outputs, before what is wrong with it. */
const NODE = /In Node, \("([^"]*)", (\w+).*?, Error /gs;

/** ONNX Runtime's message on one line, without the places in its own source and with a node's name alone. */
export const said = (text: string): string =>
  text
    .trim()
    .replaceAll(PLACE, '')
    .replaceAll(NODE, 'Node "$1" ($2): ')
    .replaceAll(/\s*\n\s*/g, ' ')
    .slice(0, 300);
