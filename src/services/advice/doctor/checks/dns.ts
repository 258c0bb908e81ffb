/** The checks of this family. */
import type { Check } from '../types.ts';

export const dnsChecks = {} as const satisfies Record<string, Check>;
