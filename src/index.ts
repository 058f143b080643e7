/** What programs may import from onpar. The rest of `src/` is private and may move. */
export type { Plugin, PluginExporter, PluginRuntime } from './observe/plugin.ts';
export type { NodeRuntime, NodeSession, Packages } from './observe/runtime.ts';
export type { Report, ReportCase } from './records/report.ts';
export type { Reporter, ReporterContext } from './report/reporter.ts';
export type { GeneratorRequest, SampleGenerator } from './sample/own-generator.ts';
export { defineSuite } from './suite/define-suite.ts';
export type { SuiteFile } from './suite/schema.ts';
