import { describe, it } from '@jest/globals';
import { apiContract } from './test/api-contract.js';
import { linkContract } from './test/link-contract.js';
import { populateContract } from './test/populate-contract.js';
import { original, standIn, type Subject } from './test/subjects.js';
import { toxicContract } from './test/toxic-contract.js';
import { toxicEffects } from './test/toxic-effects.js';
import { toxicVariants } from './test/toxic-variants.js';

/** One suite, two subjects: what the stand-in promises is what Toxiproxy does. */
function holdsToxiproxysContract(subject: Subject): void {
  describe('API', () => apiContract(subject));
  describe('populate', () => populateContract(subject));
  describe('links', () => linkContract(subject));
  describe('toxics', () => toxicContract(subject));
  describe('what toxics do', () => toxicEffects(subject));
  describe('what toxics do, in all their variants', () => toxicVariants(subject));
}

describe(standIn.name, () => holdsToxiproxysContract(standIn));

const toxiproxy = original();
if ('missing' in toxiproxy)
  describe.skip(`Toxiproxy itself: ${toxiproxy.missing}`, () => it('holds its own contract', () => {}));
else describe(toxiproxy.name, () => holdsToxiproxysContract(toxiproxy));
