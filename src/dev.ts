/** For this repository's own scripts (generated files, tests on other Node versions, benches); not part of the published package. */

export { COMMANDS } from './cli/commands/registry.ts';
export { compareConversion } from './compare/compare.ts';
export { measure as measureOperands } from './compare/values/measure.ts';
export { prepare as prepareOperands } from './compare/values/operands.ts';
export { DIAGNOSES } from './core/diagnosis-catalogue.ts';
export { CATALOGUE } from './core/finding-catalogue.ts';
export { catalogue } from './engine/catalogue.ts';
export { jsonSchemas } from './suite/json-schemas.ts';
export { openTensorFile } from './tensor/stored.ts';
export { readTensorFile } from './tensor/tensor-file.ts';
export { resolveEnvironment } from './workers/environment.ts';
export { resolveNodeEnvironment } from './workers/node-environment.ts';
export { WorkerPool } from './workers/pool.ts';
export { makeScratch } from './workers/scratch.ts';
export { ensureInstalled } from './workers/toolchains/install.ts';
export { managedPython } from './workers/toolchains/managed.ts';
export { toolchains } from './workers/toolchains/manifest.ts';
export { pythonRecipe } from './workers/toolchains/python-recipe.ts';
export { sitePackages } from './workers/toolchains/site-packages.ts';
