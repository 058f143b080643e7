/** For this repository's own scripts (generated files, tests on other Node versions, benches); not part of the published package. */

export { COMMANDS } from './cli/commands/registry.ts';
export { CATALOGUE } from './core/finding-catalogue.ts';
export { catalogue } from './engine/catalogue.ts';
export { jsonSchemas } from './suite/json-schemas.ts';
export { ensureInstalled, findInstalled } from './workers/toolchains/install.ts';
export { toolchains } from './workers/toolchains/manifest.ts';
export { sitePackages } from './workers/toolchains/site-packages.ts';
