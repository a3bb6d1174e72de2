import { Body, Controller, Get, Inject, Module, Put, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ApiExcludeController } from '@nestjs/swagger';
import { FrameworkProblem, WrittenNumber } from '@paid-once/service';
import { PaymentsConsumer } from '../../payments.consumer.js';
import { chapters, type ChapterInForce } from './chapter.js';
import { ChapterConsumer } from './chapter-consumer.js';

@ApiExcludeController()
@Controller('lab/chapter')
class LabChapterController {
  constructor(@Inject(PaymentsConsumer) private readonly consumer: ChapterConsumer) {}

  /** The chapter in force. */
  @Get()
  async chapter(): Promise<object> {
    return viewOf(await this.consumer.current());
  }

  /** Lab mode only; called by payments, which switches its own side with this one. */
  @Put()
  async switch(@Body() body: { chapter?: unknown } | undefined): Promise<object> {
    const asked = body?.chapter;
    const chapter = chapters.find(
      (number) => asked instanceof WrittenNumber && asked.text === String(number),
    );
    if (chapter !== undefined) return viewOf(await this.consumer.switchTo(chapter));
    throw new FrameworkProblem(
      422,
      'validation-failed',
      'There is no such chapter',
      'Send {"chapter": N}, with a number from 1 to 4.',
    );
  }
}

function viewOf({ chapter, since }: ChapterInForce): object {
  return { chapter, since: since.toISOString() };
}

/** Provided instead of `PaymentsConsumer` itself. */
export const consumerByChapter = { provide: PaymentsConsumer, useClass: ChapterConsumer };

/** Exists in lab mode only; the table `lab_chapter` exists only where setup ran in lab mode. */
@Module({})
export class LabChapterModule {
  /** @param ledger the module that exports the consumer, which is `consumerByChapter` */
  static with(ledger: DynamicModule): DynamicModule {
    return {
      module: LabChapterModule,
      imports: [ledger, ScheduleModule.forRoot()],
      controllers: [LabChapterController],
    };
  }
}
