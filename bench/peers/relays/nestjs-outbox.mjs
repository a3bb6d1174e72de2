// Nest's own documentation describes @nestjs/outbox (docs.nestjs.com/reliability/outbox), but the registry has no such
// package (404), and neither one called nestjs-outbox or @nestarc/outbox. Should it be there one day, this is where it goes.
import { say } from '../protocol.mjs';

say({
  name: '@nestjs/outbox',
  skipped: 'the npm registry answers 404: Nest documents the package, but it cannot be installed from there',
});
