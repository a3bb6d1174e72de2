import { DeadLettersController } from './dead-letters.controller.js';
import { InterventionsController } from './interventions.controller.js';
import { MarkersController } from './markers.controller.js';
import { OutboxMessagesController } from './outbox-messages.controller.js';

/** What operators, and what compares and repairs, may ask of the outbox. */
export const operations = [
  MarkersController,
  InterventionsController,
  DeadLettersController,
  OutboxMessagesController,
];
