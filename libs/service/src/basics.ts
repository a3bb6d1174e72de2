/**
 * The part of this lib that needs no framework. The command line uses it alone: the index loads Nest, TypeORM and
 * Swagger, which would more than double the time until a verb's first line.
 */
export * from './back-off.js';
export * from './configuration.js';
export { faultPoint, faultPoints, isFaultPoint, type FaultPoint } from './fault-points.js';
export * from './pause.js';
export * from './printable.js';
export * from './settings.js';
export * from './variable-types.js';
