import type { ConsoleProblem } from '../../../src/api.js';
import { Prose } from './command.js';

/** What went wrong, what it means for the money, what comes next: in this order, whoever tells it. */
export function ProblemNote({ problem: { title, detail, money, next } }: { problem: ConsoleProblem }) {
  return (
    <div class="problem-note">
      <p>
        <strong>{title}</strong>
      </p>
      <p>
        <Prose says={detail} />
      </p>
      {money !== null && (
        <p>
          <strong>The money:</strong> <Prose says={money} />
        </p>
      )}
      {next !== null && (
        <p>
          <strong>Next:</strong> <Prose says={next} />
        </p>
      )}
    </div>
  );
}
