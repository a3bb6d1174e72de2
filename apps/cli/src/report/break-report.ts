import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { BreakRow } from '@paid-once/compare';
import type { BreakSink } from '../compare-until-agreed.js';
import { CliFailure } from '../failure.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { ReportFormat } from './report-formats.js';

/**
 * Every break of a comparison as a row of a file, written as they come. The file takes its name when it is whole: what
 * stood there before stays until then, and for good when the comparison fails.
 */
export class BreakReport implements BreakSink {
  rows = 0;
  private readonly unfinished: string;
  private stream: WriteStream | undefined;

  constructor(
    private readonly file: string,
    private readonly format: ReportFormat,
  ) {
    this.unfinished = `${file}.${process.pid}.unfinished`;
  }

  /** @throws CliFailure the file cannot be written there */
  async begin(): Promise<void> {
    await this.close();
    this.rows = 0;
    const stream = createWriteStream(this.unfinished, { flags: 'w', mode: 0o600 });
    // A disk that is full is told by the next write, or by the end; without a listener it ends the process.
    stream.on('error', () => {});
    try {
      await once(stream, 'open');
    } catch (error) {
      throw cannotWrite(this.file, error, exitCodes.usage);
    }
    this.stream = stream;
    await this.write(this.format.begin);
  }

  async add(row: BreakRow): Promise<void> {
    await this.write(this.format.row(row, this.rows++));
  }

  /** @throws CliFailure the file cannot be written */
  async finish(): Promise<void> {
    try {
      await this.write(this.format.end);
      await this.close();
      const handle = await open(this.unfinished);
      await handle.sync();
      await handle.close();
      await rename(this.unfinished, this.file);
    } catch (error) {
      throw error instanceof CliFailure ? error : cannotWrite(this.file, error);
    }
  }

  /** Leaves nothing of an unfinished report; after `finish`, nothing is left to remove. */
  async discard(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.unfinished, { force: true });
  }

  private async write(text: string): Promise<void> {
    const { stream } = this;
    if (stream === undefined) throw new Error('Bug: a report was not begun');
    try {
      if (stream.errored) throw stream.errored;
      if (text !== '' && !stream.write(text)) await once(stream, 'drain');
    } catch (error) {
      throw cannotWrite(this.file, error);
    }
  }

  private async close(): Promise<void> {
    const { stream } = this;
    this.stream = undefined;
    if (stream === undefined) return;
    stream.end();
    await finished(stream);
  }
}

function cannotWrite(file: string, error: unknown, exitCode: ExitCode = exitCodes.unreachable): CliFailure {
  return new CliFailure(
    exitCode,
    `The report ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    'That says nothing about the ledgers; what the file held before, it still holds.',
    'Give another file, or make room.',
  );
}
