import { runAlternative } from '../run-alternative.js';

await runAlternative(async () => (await import('./measure.js')).measureTwoPhaseCommit);
