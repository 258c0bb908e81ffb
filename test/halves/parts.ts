/** Half of `npm test`: the parts an office is made of, and the suites over them. */
import { loadTests } from './load-tests.ts';

await loadTests(['src/!(app|entrances)/**/*.test.ts', 'tools/*.test.ts', 'test/{conformance,fuzz,sim}/**/*.test.ts']);
