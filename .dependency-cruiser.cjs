/** The import fences of the house (docs/architecture.md): what may know what. */
const fence = (from, allowed) => ({
  name: `${from}-imports`,
  comment: `src/${from} may import ${allowed.join(', ') || 'nothing else'}; see docs/architecture.md`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [from, ...allowed].map((folder) => `^src/${folder}/`) },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$', '^src/records/event\\.ts$'] }, to: {} },
    { name: 'not-to-dev-dependency', severity: 'error', from: { path: '^src/' }, to: { dependencyTypes: ['npm-dev'] } },
    fence('core', []),
    fence('tensor', ['core']),
    fence('records', ['core', 'tensor']),
    fence('suite', ['core', 'tensor', 'records']),
    fence('formats', ['core', 'tensor', 'records', 'suite']),
    fence('workers', ['core', 'tensor', 'records', 'suite']),
    fence('sample', ['core', 'tensor', 'records', 'formats']),
    fence('export', ['core', 'tensor', 'records', 'formats', 'workers']),
    fence('observe', ['core', 'tensor', 'records', 'formats', 'workers']),
    fence('compare', ['core', 'tensor', 'records']),
    fence('investigate', ['core', 'tensor', 'records', 'formats']),
    fence('report', ['core', 'tensor', 'records']),
    fence('plan', ['core', 'tensor', 'records', 'suite', 'formats', 'workers']),
    fence('engine', ['core', 'tensor', 'records', 'suite', 'formats', 'workers', 'plan', 'sample', 'export', 'observe', 'compare', 'investigate', 'report']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.tsx', '.js'] },
  },
};
