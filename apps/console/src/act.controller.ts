import {
  Body,
  Controller,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Req,
  UseGuards,
} from '@nestjs/common';
import { faultKinds, linkNames, type Fault, type LinkName } from '@paid-once/links';
import { BodyLimit, readBody, reasonOf, wholeNumber } from '@paid-once/service';
import type { FastifyRequest } from 'fastify';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { chapters, switchTo } from '../../cli/src/chapters.js';
import { checkout } from '../../cli/src/checkout.js';
import { redriveParked, requestRedrive, triedIn } from '../../cli/src/dead/redrive.js';
import { repairLedgers } from '../../cli/src/repair/repair-ledgers.js';
import { repairSentences } from '../../cli/src/repair/repair-view.js';
import { call } from '../../cli/src/services.js';
import { processActions } from '../../cli/src/stack/process-info.js';
import { counted } from '../../cli/src/output/words.js';
import type { Done, RunView } from './api.js';
import { Control, done } from './control.js';
import { FromThisPage, keyOf } from './from-this-page.js';
import { Happenings } from './happenings.js';
import { ActionFailed } from './refusals.js';
import { Runs } from './runs.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from './settings.js';
import { Watch } from './watch.js';

const link = z.enum(linkNames);
const forSeconds = wholeNumber({ min: 1, max: 3_600 }).optional();
const breakRequest = z.strictObject({
  kind: z.enum(faultKinds),
  ms: wholeNumber({ min: 1, max: 600_000 }).optional(),
  percent: wholeNumber({ min: 1, max: 100 }).optional(),
  stream: z.enum(['upstream', 'downstream', 'both']).optional(),
  forSeconds,
});
const healRequest = z.strictObject({ link: link.optional() });
const ourFile = 'payments.csv';
const runRequest = z.union([
  z.strictObject({ rows: wholeNumber({ min: 1, max: 100_000 }) }),
  z.strictObject({ file: z.literal(ourFile) }),
]);
const chapterRequest = z.strictObject({ chapter: wholeNumber({ min: 1, max: 4 }) });
const redriveRequest = z.union([
  z.strictObject({ reason: z.string().max(40) }),
  z.strictObject({ payment: z.string().max(40) }),
  z.strictObject({ all: z.literal(true) }),
]);
const nothing = z.strictObject({});

const longMs = 60_000;
/** What a browser may upload, in bytes: some 100,000 rows. */
const csvBytes = 8 * 1024 * 1024;
const who = { by: 'console', why: 'asked for on the page of the console' };
const redrivenASecond = 500;

/** What the page can do. Each is written down in the strip of events. */
@Controller('api')
@UseGuards(FromThisPage)
export class ActController {
  constructor(
    @Inject(CONSOLE_SETTINGS) private readonly settings: ConsoleSettings,
    private readonly control: Control,
    private readonly runs: Runs,
    private readonly watch: Watch,
    private readonly happenings: Happenings,
  ) {}

  /** Whether this page may act: outside lab mode that depends on the key it was given. */
  @Post('key')
  @HttpCode(200)
  key(@Body() body: unknown): Done {
    readBody(nothing, body);
    return { says: 'this page may act' };
  }

  @Post('links/:link/break')
  @HttpCode(200)
  break(@Param('link') name: string, @Body() body: unknown): Promise<Done> {
    const { forSeconds: seconds, ...fault } = readBody(breakRequest, body);
    return this.control.break(readLink(name), faultOf(fault), seconds);
  }

  @Post('links/heal')
  @HttpCode(200)
  heal(@Body() body: unknown): Promise<Done> {
    return this.control.heal(readBody(healRequest, body).link);
  }

  @Post('processes/:name/:action')
  @HttpCode(200)
  act(@Param('name') name: string, @Param('action') given: string): Promise<Done> {
    const action = processActions.find((each) => each === given);
    if (action) return this.control.act(name, action);
    throw new NotFoundException(`Nothing is called ${given}.`);
  }

  /** Pays so many rows of EUR 1.00, those of the payments.csv of this checkout, or those of the file that is the body. */
  @Post('runs')
  @HttpCode(200)
  @BodyLimit(csvBytes)
  async run(@Body() body: unknown, @Req() request: FastifyRequest): Promise<RunView> {
    const chapter = await this.watch.chapterNow();
    const order = {
      url: this.settings.PAID_ONCE_LINK_URL,
      apiKey: keyOf(request) ?? this.settings.PAID_ONCE_API_KEY,
      chapter,
    };
    if (typeof body === 'string') {
      const name = request.headers['x-file-name'];
      return this.runs.begin({ ...order, title: `payments of ${fileName(name)}`, csv: body });
    }
    const asked = readBody(runRequest, body);
    if ('file' in asked) {
      const csv = await readFile(join(checkout, ourFile), 'utf8').catch((error: unknown) => {
        throw new ActionFailed({
          happened: `${ourFile} of this checkout cannot be read: ${reasonOf(error)}.`,
          money: 'Nobody was paid.',
          next: 'Upload a file, or bring it back: git checkout payments.csv',
        });
      });
      return this.runs.begin({ ...order, title: `payments of ${ourFile}`, csv });
    }
    const { rows } = asked;
    const csv = `src,dest,amount\n${'bianca,marc,1.00\n'.repeat(rows)}`;
    return this.runs.begin({ ...order, title: counted(rows, 'payment'), csv });
  }

  @Post('runs/stop')
  @HttpCode(200)
  stop(@Body() body: unknown): Done {
    readBody(nothing, body);
    return { says: this.runs.stop() ? 'stopped the run' : 'no run was paying' };
  }

  @Post('chapter')
  @HttpCode(200)
  async chapter(@Body() body: unknown, @Req() request: FastifyRequest): Promise<Done> {
    const { chapter } = readBody(chapterRequest, body);
    await this.asked(request, (signal) => switchTo(chapter, this.control.urls.payments, signal));
    const name = chapters.find((each) => each.chapter === chapter)?.name ?? '';
    return this.did(`switched to chapter ${chapter}, ${name}`);
  }

  /** Publishes again what is missing, and tries again what is parked. */
  @Post('repair')
  @HttpCode(200)
  async repair(@Body() body: unknown, @Req() request: FastifyRequest): Promise<Done> {
    readBody(nothing, body);
    const { payments, ledger } = this.control.urls;
    const { repaired, comparison } = await this.asked(request, (signal) =>
      repairLedgers({ payments, ledger, signal, who, timeoutMs: longMs / 2 }),
    );
    return this.did(repairSentences(repaired, comparison).join(' '));
  }

  @Post('dead/redrive')
  @HttpCode(200)
  async redrive(@Body() body: unknown, @Req() request: FastifyRequest): Promise<Done> {
    const asked = readBody(redriveRequest, body);
    const which = 'payment' in asked ? { payments: [asked.payment] } : asked;
    const { payments, ledger } = this.control.urls;
    const [outbox, parked] = await this.asked(request, async (signal) => [
      await requestRedrive(payments, which, who, signal),
      await redriveParked(ledger, which, who, { rate: redrivenASecond, onPortion: () => {}, signal }),
    ]);
    const tried = triedIn(parked);
    return this.did(`tried ${counted(outbox.messages + tried, 'message')} again: ${parked.posted} posted`);
  }

  /** Empties both ledgers, in lab mode. */
  @Post('reset')
  @HttpCode(200)
  async reset(@Body() body: unknown, @Req() request: FastifyRequest): Promise<Done> {
    readBody(nothing, body);
    const { payments } = this.control.urls;
    await this.asked(request, (signal) =>
      call('payments', payments, { method: 'DELETE', path: '/payments', signal }, z.unknown()),
    );
    return this.did('emptied both ledgers');
  }

  /** Whoever asks for it does it, with his key if he gave one. */
  private asked<Answer>(
    request: FastifyRequest,
    ask: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    return done(this.control.showingKey(() => ask(AbortSignal.timeout(longMs)), keyOf(request)));
  }

  private did(says: string): Done {
    this.happenings.add({ who: 'you', says, kind: 'operated' });
    return { says };
  }
}

function readLink(name: string): LinkName {
  const known = linkNames.find((each) => each === name);
  if (known) return known;
  throw new NotFoundException(`There is no link ${name}.`);
}

const usual = { slowMs: 800, resetPercent: 30 };

function faultOf({ kind, ms, percent, stream }: Omit<z.infer<typeof breakRequest>, 'forSeconds'>): Fault {
  if (kind === 'slow') return { kind, ms: ms ?? usual.slowMs };
  if (kind === 'reset') return { kind, percent: percent ?? usual.resetPercent, ...(stream && { stream }) };
  return { kind };
}

function fileName(given: unknown): string {
  return typeof given === 'string' && /^[\w .-]{1,80}$/.test(given) ? given : 'a file';
}
