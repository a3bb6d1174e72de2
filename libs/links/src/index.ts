export * from './faults.js';
export * from './faults-on.js';
export * from './link-control.js';
export * from './link-errors.js';
export * from './links.js';
export { startStandIn, type StandIn, type StandInOptions } from './stand-in/start-stand-in.js';
