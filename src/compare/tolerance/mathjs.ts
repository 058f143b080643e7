import {
  absDependencies,
  addDependencies,
  andDependencies,
  create,
  divideDependencies,
  equalDependencies,
  type FactoryFunctionMap,
  largerDependencies,
  largerEqDependencies,
  log10Dependencies,
  type MathNode,
  maxDependencies,
  minDependencies,
  modDependencies,
  multiplyDependencies,
  notDependencies,
  orDependencies,
  parseDependencies,
  powDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  subtractDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
  unequalDependencies,
} from 'mathjs/number';

/** All that the engine knows: arithmetic and comparison of plain numbers. */
const FACTORIES = [
  absDependencies,
  addDependencies,
  andDependencies,
  divideDependencies,
  equalDependencies,
  largerDependencies,
  largerEqDependencies,
  log10Dependencies,
  maxDependencies,
  minDependencies,
  modDependencies,
  multiplyDependencies,
  notDependencies,
  orDependencies,
  parseDependencies,
  powDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  subtractDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
  unequalDependencies,
];

export function createEngine(): { parse: (text: string) => MathNode } {
  const factories: FactoryFunctionMap = Object.assign({}, ...FACTORIES);
  // By default mathjs calls numbers equal that differ by less than 1e-15: `maxAbs < 1e-16` would never hold.
  const math = create(factories, { relTol: Number.MIN_VALUE, absTol: 0 });
  return { parse: (text) => math.parse(text) };
}
