import { Charts } from '../charts/charts.js';
import { Dead } from './dead.js';
import { Events } from './events.js';
import { Header } from './header.js';
import { Help } from './help.js';
import { Ledgers } from './ledgers.js';
import { Measured } from './measured.js';
import { PaymentDrawer } from './payment-drawer.js';
import { Pipeline } from './pipeline.js';
import { Run } from './run.js';
import { Verdict } from './verdict.js';
import { stale } from '../state/snapshot.js';

/** From the one sentence to its proof: whoever reads only the top knows the truth. */
export function Page() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the verdict
      </a>
      <Header />
      <main id="main" class={stale.value ? 'stale' : ''}>
        <Verdict />
        <Pipeline />
        <div class="columns">
          <div class="column">
            <Run />
            <Dead />
          </div>
          <Charts />
        </div>
        <Ledgers />
        <Measured />
      </main>
      <Events />
      <PaymentDrawer />
      <Help />
    </>
  );
}
