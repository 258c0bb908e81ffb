/** The checks of this family. */
import type { Check } from '../types.ts';

export const listChecks = {} as const satisfies Record<string, Check>;
