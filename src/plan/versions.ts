import { OnparError } from '../core/errors.ts';
import type { Catalogue, RuntimeInfo } from '../records/catalogue.ts';

/** A runtime as a user names it: `onnxruntime`, `onnxruntime@1.30.0`. */
interface Asked {
  readonly name: string;
  readonly version: string | null;
}

/** An `@` in front belongs to the scope of an npm package. */
export function splitVersion(text: string): Asked {
  const at = text.lastIndexOf('@');
  return at > 0 ? { name: text.slice(0, at), version: text.slice(at + 1) } : { name: text, version: null };
}

/** By its name; with a version also by the package that has it, as in `scikit-learn@1.8.0`. */
export function findRuntime(
  { runtimes }: Catalogue,
  fitting: readonly RuntimeInfo[],
  { name, version }: Asked,
): RuntimeInfo | undefined {
  const byName = runtimes.find((r) => r.name === name);
  if (byName !== undefined || version === null) return byName;
  const ofPackage = (r: RuntimeInfo): boolean => r.package === name || r.package === `${name}-cpu`;
  return fitting.find(ofPackage) ?? runtimes.find(ofPackage);
}

/** What versions look like on PyPI and npm, and no path, address or option of an installer does. */
const VERSION = /^\d[\w.+-]*$/;

export function inVersion(found: RuntimeInfo, { version }: Asked, where: string): RuntimeInfo {
  if (version === null) return found;
  if (found.package === undefined) {
    throw new OnparError({
      code: 'version-fixed',
      message: `${where}: runtime \`${found.name}\` has no package whose version could be chosen`,
      fix: `write \`${found.name}\` without \`@${version}\``,
    });
  }
  if (!VERSION.test(version)) {
    throw new OnparError({
      code: 'bad-version',
      message: `${where}: \`${version}\` is not a version of ${found.package}`,
      fix: `write one version: \`${found.name}@1.2.3\``,
    });
  }
  return { ...found, version };
}

/** How a runtime is called in ids. */
export const runtimeLabel = ({ name, version }: RuntimeInfo): string =>
  version === undefined ? name : `${name}-${version}`;
