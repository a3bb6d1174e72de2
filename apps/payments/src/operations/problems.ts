import { Problem } from '@paid-once/service';

export class MarkersNotFound extends Problem {
  readonly type = '/problems/markers-not-found';
  readonly status = 404;
  readonly title = 'There is no such set of markers';

  constructor() {
    super(
      'No set of markers has this id; retention removes old ones. Ask for new ones: POST /outbox/markers.',
    );
  }
}

export class InterventionNotFound extends Problem {
  readonly type = '/problems/intervention-not-found';
  readonly status = 404;
  readonly title = 'There is no such intervention';

  constructor() {
    super('No intervention has this id. GET /outbox/interventions lists the newest ones.');
  }
}

/** Whoever drops messages has seen them: if there are more or fewer, they have seen others. */
export class CountDiffers extends Problem {
  readonly type = '/problems/count-differs';
  readonly status = 409;
  readonly title = 'There are not as many as expected';

  constructor(expected: number, counted: number) {
    super(
      `You expect ${expected}, there are ${counted}. Nothing was dropped. Those that a redrive is at work on do not count.`,
    );
  }
}
