/** Whether `npm run test:e2e -- --all` runs: every variant of what is otherwise tried once of each kind. */
export const withAll = process.env.TEST_ALL !== undefined;
