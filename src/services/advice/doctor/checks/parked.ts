/** The checks of this family. */
import type { Check } from '../types.ts';

export const parkedChecks = {} as const satisfies Record<string, Check>;
