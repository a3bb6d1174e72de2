import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { messageHistory, type MessageHistory } from '@paid-once/outbox';
import { Answers, parameters, readId, reading, Takes } from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from '../api-examples.js';

@ApiTags('operations')
@Controller('outbox/messages')
export class OutboxMessagesController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** The messages of one payment: where each is, since when, and what was asked to be done with it. */
  @Get()
  @Takes(parameters.payment)
  @Answers(examples.messages)
  messages(@Query('payment') payment: unknown): Promise<MessageHistory[]> {
    const id = readId('payment', payment);
    return reading(this.database, (db) => messageHistory(db, id));
  }
}
