/** The rules of this family, in the order of their ids. */
import type { Rule } from '../types.ts';
import { badCertificate } from './bad-certificate.ts';
import { badLogo } from './bad-logo.ts';
import { noCertificate } from './no-certificate.ts';
import { notEnforced } from './not-enforced.ts';

export const bimiRules: readonly Rule[] = [notEnforced, badLogo, noCertificate, badCertificate];
