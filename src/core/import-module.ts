/** Set in the bundle that is loaded with V8's code cache, where `import()` itself finds no loader (src/cli/code-cache.ts). */
declare const __onparImport: ((specifier: string) => Promise<unknown>) | undefined;

/** `import()` of a package or file that is not part of onpar's bundle. */
export const importModule = (specifier: string): Promise<unknown> =>
  typeof __onparImport === 'function' ? __onparImport(specifier) : import(specifier);
