/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';

export const dnsRules: readonly Rule[] = [];
