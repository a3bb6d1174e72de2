import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { connectLinks, linksCalled, type Fault, type LinkName } from '@paid-once/links';
import { checkout } from '../../cli/src/checkout.js';
import { showing } from '../../cli/src/credential.js';
import { failureOf } from '../../cli/src/failure.js';
import { call } from '../../cli/src/services.js';
import { faultText } from '../../cli/src/faults/words.js';
import { askLauncher, LauncherRefused, NoLauncher } from '../../cli/src/stack/control-client.js';
import { processInfo, type ProcessAction } from '../../cli/src/stack/process-info.js';
import { z } from 'zod';
import type { Done, Mode, ProcessView } from './api.js';
import { Happenings } from './happenings.js';
import { ActionFailed } from './refusals.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from './settings.js';

const launcherMs = 2_000;

/** What the page can do to links and processes, and where the parts are. */
@Injectable()
export class Control implements OnModuleDestroy {
  /** What only this page can know. */
  readonly token: string = randomUUID();
  /** Where a link will be healed by itself. */
  readonly healsAt = new Map<string, Date>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private hasLauncher = true;

  constructor(
    @Inject(CONSOLE_SETTINGS) private readonly settings: ConsoleSettings,
    private readonly happenings: Happenings,
  ) {}

  /** Nobody is left who would heal them. */
  async onModuleDestroy(): Promise<void> {
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all([...this.timers.keys()].map((link) => this.links.heal(link).catch(() => {})));
  }

  get urls() {
    const { settings } = this;
    return {
      payments: settings.PAID_ONCE_PAYMENTS_URL,
      ledger: settings.PAID_ONCE_LEDGER_URL,
      relay: settings.PAID_ONCE_RELAY_URL,
      link: settings.PAID_ONCE_LINK_URL,
      toxiproxy: settings.PAID_ONCE_TOXIPROXY_URL ?? nowhere,
    };
  }

  /** Payments, as whoever reads the page reaches it. */
  get shownUrl(): string {
    return this.settings.PAID_ONCE_SHOWN_URL ?? this.urls.payments;
  }

  get key(): string | undefined {
    return this.settings.PAID_ONCE_API_KEY;
  }

  /** Who may control something, and why not anybody; see `Mode`. */
  get allowed(): Pick<Mode, 'control' | 'whyNot'> {
    const { PAID_ONCE_CONSOLE_READ_ONLY: readOnly, PAID_ONCE_LAB: lab } = this.settings;
    if (readOnly) return { control: 'none', whyNot: 'PAID_ONCE_CONSOLE_READ_ONLY is set' };
    if (lab) return { control: 'all', whyNot: null };
    return { control: 'key', whyNot: 'the system is not in lab mode: it takes an API key with `operate`' };
  }

  /** @param work asks services, and shows them this key: the console's own, if whoever asked gave none */
  showingKey<Result>(work: () => Promise<Result>, key = this.key): Promise<Result> {
    return showing(key, work);
  }

  /** @throws CliFailure payments knows no such key, or it lacks `operate` */
  async checkKey(key: string): Promise<void> {
    const request = { path: '/interventions?limit=1', signal: AbortSignal.timeout(launcherMs) };
    await this.showingKey(() => call('payments', this.urls.payments, request, z.unknown()), key);
  }

  /** Empty where no launcher of this checkout runs. */
  async processes(): Promise<ProcessView[]> {
    if (!this.hasLauncher) return [];
    try {
      const found = await this.launcher('/processes', z.array(processInfo));
      return found
        .filter(({ name }) => name !== 'console') // who kills that sees nothing any more
        .map(({ name, kind, state, since }) => ({ name, kind, state, since }));
    } catch {
      this.hasLauncher = false;
      setTimeout(() => (this.hasLauncher = true), launcherMs).unref();
      return [];
    }
  }

  async act(name: string, action: ProcessAction): Promise<Done> {
    await this.launcher(`/processes/${encodeURIComponent(name)}/${action}`, processInfo, 60_000).catch(
      (error: unknown) => {
        if (!(error instanceof NoLauncher || error instanceof LauncherRefused)) throw error;
        throw new ActionFailed({
          happened: error.message,
          money: 'Nothing was changed.',
          next: 'npx paid-once processes',
        });
      },
    );
    const says = `${actionWords[action]} ${name}`;
    this.happenings.add({
      who: 'you',
      says,
      kind: action === 'kill' || action === 'stop' ? 'broke' : 'healed',
    });
    return { says };
  }

  async break(link: LinkName, fault: Fault, forSeconds: number | undefined): Promise<Done> {
    await done(this.links.breakWith(link, fault));
    this.healLater(link, forSeconds);
    const says = `${link}: ${faultText(fault)}${forSeconds === undefined ? '' : `, for ${forSeconds} s`}`;
    const undo = { label: `Heal ${link}`, method: 'POST' as const, path: '/api/links/heal', body: { link } };
    this.happenings.add({ who: 'you', says, kind: 'broke', undo });
    return { says };
  }

  /** All, if none is named. */
  async heal(link: LinkName | undefined): Promise<Done> {
    await done(link === undefined ? this.links.healAll() : this.links.heal(link));
    for (const name of link === undefined ? [...this.timers.keys()] : linksCalled(link)) this.forget(name);
    const says = link === undefined ? 'healed all links' : `healed ${link}`;
    this.happenings.add({ who: 'you', says, kind: 'healed' });
    return { says };
  }

  private get links() {
    return connectLinks(this.urls.toxiproxy);
  }

  private healLater(link: LinkName, seconds: number | undefined): void {
    this.forget(link);
    if (seconds === undefined) return;
    this.healsAt.set(link, new Date(Date.now() + seconds * 1_000));
    const heal = async () => {
      this.forget(link);
      await this.links.heal(link).catch(() => {}); // if it cannot be healed, the page shows that it is broken
      this.happenings.add({ who: 'console', says: `healed ${link}: its time was over`, kind: 'healed' });
    };
    this.timers.set(
      link,
      setTimeout(() => void heal(), seconds * 1_000),
    );
  }

  private forget(link: string): void {
    clearTimeout(this.timers.get(link));
    this.timers.delete(link);
    this.healsAt.delete(link);
  }

  private launcher<Schema extends z.ZodType>(
    path: '/processes' | `/processes/${string}/${ProcessAction}`,
    schema: Schema,
    limitMs = launcherMs,
  ): Promise<z.infer<Schema>> {
    return askLauncher({ checkout, signal: AbortSignal.timeout(limitMs) }, path, schema);
  }
}

/** Port 9 is discard's: nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

const actionWords: Record<ProcessAction, string> = {
  kill: 'killed',
  stop: 'froze',
  cont: 'let go on',
  restart: 'restarted',
};

/** @throws ActionFailed */
export async function done<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RangeError)
      throw new ActionFailed({ happened: error.message, money: 'Nothing was changed.', next: '' });
    const failure = failureOf(error);
    throw failure ? new ActionFailed(failure) : error;
  }
}
