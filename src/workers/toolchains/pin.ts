import { OnparError } from '../../core/errors.ts';

/** A package of a toolchain in another version than its lock holds. */
export interface Pin {
  readonly package: string;
  readonly version: string;
}

/** A version that the registry does not have, or not for this Python and system. */
export const unknownVersion = (pin: Pin, reason: string, nearby: readonly string[], detail: string): OnparError =>
  new OnparError({
    code: 'version-unknown',
    message: `${pin.package} ${pin.version} cannot be installed: ${reason}`,
    fix:
      nearby.length === 0
        ? `see which versions of ${pin.package} the registry offers`
        : `versions nearby that can be installed: ${nearby.join(', ')}`,
    detail,
    exitCode: 1,
  });

/** Packages that cannot stand in one environment; `detail` has the resolver's own words. */
export const incompatibleVersions = (name: string, packages: readonly string[], detail: string): OnparError =>
  new OnparError({
    code: 'versions-incompatible',
    message: `\`${name}\`: no versions of its packages fit together${packages.length === 0 ? '' : ` (${packages.join(', ')})`}`,
    fix: 'see below which package asks for which version; change the one that is pinned, or name an environment of your own with `python:`',
    detail,
    exitCode: 3,
  });

/** Names the packages of a resolver's explanation: `onnx==1.23.2 depends on protobuf>=4` gives both, first mention first. */
export const packagesNamed = (explanation: string): string[] => [
  ...new Set(
    [...explanation.matchAll(/(?<![\w.-])([A-Za-z][\w.-]*?)(?:==|>=|<=|~=|!=|>|<)\d/g)].map(([, name = '']) =>
      name.toLowerCase(),
    ),
  ),
];
