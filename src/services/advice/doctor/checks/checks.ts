/** All checks, by id: the one table that findings, docs/FINDINGS.md and the score name. */
import type { Check } from '../types.ts';
import { addressChecks } from './address.ts';
import { bimiChecks } from './bimi.ts';
import { daneChecks } from './dane.ts';
import { dkimChecks } from './dkim.ts';
import { dmarcChecks } from './dmarc.ts';
import { dnsChecks } from './dns.ts';
import { listChecks } from './lists.ts';
import { stsChecks } from './mta-sts.ts';
import { mxChecks } from './mx.ts';
import { parkedChecks } from './parked.ts';
import { spfChecks } from './spf.ts';
import { tlsReportChecks } from './tls-rpt.ts';

export const checks = {
  ...dnsChecks,
  ...mxChecks,
  ...spfChecks,
  ...dkimChecks,
  ...dmarcChecks,
  ...stsChecks,
  ...tlsReportChecks,
  ...daneChecks,
  ...bimiChecks,
  ...addressChecks,
  ...listChecks,
  ...parkedChecks,
} as const satisfies Record<string, Check>;

export type CheckId = keyof typeof checks;
