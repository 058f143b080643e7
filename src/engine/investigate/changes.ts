/** What differs between an artifact and its mended copy, line by line; the graphs of ONNX files are compared. */
export async function changesOf(original: string, mended: string): Promise<string[]> {
  const [{ graphOf }, { constantsOf }, { graphDiff }, { diffText }] = await Promise.all([
    import('../../formats/onnx/graph/graph-of.ts'),
    import('../../formats/onnx/graph/constants-of.ts'),
    import('../../formats/onnx/graph/diff.ts'),
    import('../../formats/onnx/graph/diff-text.ts'),
  ]);
  const text = diffText(graphDiff(graphOf(original), constantsOf(original), graphOf(mended), constantsOf(mended)));
  return text.split('\n').filter((line) => line !== '');
}
