import { OnparError } from '../../src/core/errors.ts';
import { catalogue } from '../../src/engine/catalogue.ts';
import type { Plan } from '../../src/plan/conversion.ts';
import { planSuite } from '../../src/plan/plan.ts';
import type { Selection } from '../../src/plan/select.ts';
import { loadSuite } from '../../src/suite/load.ts';
import { withModels } from '../e2e/onpar.ts';
import { scratch, write } from '../scratch.ts';

/** Plans a suite with the real catalogue, in a folder that holds tiny-mlp.onnx and model.py. */
export async function plan(
  text: string,
  selection: Selection = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Plan> {
  const dir = withModels(scratch(), 'tiny-mlp.onnx', 'tiny-mlp-faulty.onnx');
  write(dir, 'model.py', 'def build(): ...\n');
  for (const [name, content] of Object.entries(files)) write(dir, name, content);
  return planSuite(await loadSuite(write(dir, 'onpar.yaml', text)), catalogue(), selection);
}

/** One case `a` of an ONNX model with these lines below it. */
export const onnxCase = (...lines: readonly string[]): string =>
  ['cases:', '  a:', '    source: tiny-mlp.onnx', ...lines.map((line) => `    ${line}`), ''].join('\n');

export async function refused(
  text: string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ code: string; message: string; fix: string; exitCode: number }> {
  const error = await plan(text, {}, files).then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof OnparError)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message, fix: error.fix ?? '', exitCode: error.exitCode };
}
