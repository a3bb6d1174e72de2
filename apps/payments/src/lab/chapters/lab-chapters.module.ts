import { Body, Controller, Get, Module, Put, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { ApiBody, ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { reading, WrittenNumber } from '@paid-once/service';
import { DataSource } from 'typeorm';
import type { PaymentsSettings } from '../../settings.js';
import { ByChapter } from './by-chapter.interceptor.js';
import { ChapterInvalid, throwProblem } from './chapter-problems.js';
import { isChapter, readChapter, type Chapter, type ChapterSince } from './chapter.js';
import { CurrentChapter } from './current-chapter.js';
import { AMQP_URL, DualWrite } from './dual-write.js';
import { LEDGER_URL, SwitchChapter } from './switch-chapter.js';

const example = { chapter: 2, since: '2026-11-22T09:30:00.000Z' };

@ApiTags('lab')
@Controller('lab')
class LabChapterController {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly switchChapter: SwitchChapter,
  ) {}

  /** Lab mode only: which delivery semantics the system has now, and since when. */
  @Get('chapter')
  @ApiOkResponse({ schema: { example } })
  chapter(): Promise<ChapterSince> {
    return reading(this.database, readChapter).catch(throwProblem);
  }

  /**
   * Lab mode only: 1 naive, 2 never pay too little, 3 avoid paying twice, 4 paying exactly once. Both sides are switched,
   * or neither; the answer comes when every process knows.
   */
  @Put('chapter')
  @ApiBody({ schema: { example: { chapter: 2 } } })
  @ApiOkResponse({
    schema: { example },
    description: 'Every process of both sides works by this chapter now.',
  })
  @ApiResponse({ status: 409, description: 'Chapter 1, and payments was given no way to the broker.' })
  @ApiResponse({ status: 422, description: 'There are four chapters.' })
  @ApiResponse({ status: 503, description: 'The ledger or the database is away: nothing was switched.' })
  switch(@Body() body: unknown): Promise<ChapterSince> {
    return this.switchChapter.to(chapterIn(body));
  }
}

/** @throws ChapterInvalid */
function chapterIn(body: unknown): Chapter {
  const given = typeof body === 'object' && body !== null && 'chapter' in body ? body.chapter : undefined;
  const chapter = given instanceof WrittenNumber ? Number(given.text) : Number.NaN;
  if (!isChapter(chapter)) throw new ChapterInvalid();
  return chapter;
}

/** Exists in lab mode only; the table it reads and writes exists only where setup ran in lab mode. */
@Module({})
export class LabChaptersModule {
  static with(settings: PaymentsSettings): DynamicModule {
    return {
      module: LabChaptersModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [LabChapterController],
      providers: [
        CurrentChapter,
        DualWrite,
        SwitchChapter,
        { provide: APP_INTERCEPTOR, useClass: ByChapter },
        { provide: LEDGER_URL, useValue: settings.PAID_ONCE_LEDGER_URL },
        { provide: AMQP_URL, useValue: settings.PAID_ONCE_PAYMENTS_AMQP_URL },
      ],
    };
  }
}
