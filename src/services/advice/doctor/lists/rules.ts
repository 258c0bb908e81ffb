/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { addressListed } from './address-listed.ts';
import { domainListed } from './domain-listed.ts';
import { silentLists } from './silent-lists.ts';
import { smallListing } from './small-listing.ts';
import { wayOff } from './way-off.ts';

export const listRules: readonly Rule[] = [addressListed, domainListed, smallListing, silentLists, wayOff];
