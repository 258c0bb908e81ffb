/** The checks of this family. */
import type { Check } from '../types.ts';

export const spfChecks = {} as const satisfies Record<string, Check>;
