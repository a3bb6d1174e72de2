import { Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { isUuid } from '@paid-once/contracts';
import { markersOf, requestMarkers, type Marker } from '@paid-once/outbox';
import { Answers, ApiProblems, reading } from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from '../api-examples.js';
import { askOutbox } from './ask-outbox.js';
import { MarkersNotFound } from './problems.js';

/** Markers tell what was published before them: so a message that is missing can be told from one on its way. */
@ApiTags('operations')
@Controller('outbox/markers')
export class MarkersController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Sends a marker through the outbox and the queue of each shard. */
  @Post()
  @Answers(examples.markersRequested, { status: 201 })
  request(): Promise<{ set: string; shards: number }> {
    return askOutbox(this.database, (tx) => requestMarkers(tx));
  }

  /** The markers of a set; `publishedAt` is null as long as one waits for its shard's relay. */
  @Get(':set')
  @ApiProblems(new MarkersNotFound())
  @Answers(examples.markers)
  async find(@Param('set') set: string): Promise<{ set: string; markers: Marker[] }> {
    const markers = isUuid(set) ? await reading(this.database, (db) => markersOf(db, set)) : [];
    if (markers.length === 0) throw new MarkersNotFound();
    return { set, markers };
  }
}
