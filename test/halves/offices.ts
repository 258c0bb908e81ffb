/** Half of `npm test`: whole offices, and the doors they are entered by. */
import { loadTests } from './load-tests.ts';

await loadTests([
  'src/{app,entrances}/**/*.test.ts',
  'sdk/**/*.test.ts',
  'test/*.test.ts',
  'test/scenarios/**/*.test.ts',
]);
