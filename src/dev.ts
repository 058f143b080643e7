/** For this repository's own scripts (tests on other Node versions, benches); not part of the published package. */
export { ensureInstalled, findInstalled } from './workers/toolchains/install.ts';
export { sitePackages } from './workers/toolchains/site-packages.ts';
