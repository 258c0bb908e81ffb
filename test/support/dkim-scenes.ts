/** A domain with DKIM keys: its zone text, and the records of a fix. */
import assert from 'node:assert/strict';
import type { CheckId } from '../../src/services/advice/doctor/checks/checks.ts';
import type { FindingStatus } from '../../src/services/advice/types.ts';
import { findingsFor, type Scene } from './doctor.ts';
import { inPieces, rsa2048 } from './doctor-keys.ts';

export const key = (selector: string, text: string, domain = 'example.com') =>
  `${selector}._domainkey.${domain}. 300 TXT ${inPieces(text)}`;
export const good = `v=DKIM1; k=rsa; p=${rsa2048}`;
export const mailchimp = `k2._domainkey.example.com. CNAME dkim2.mcsv.net.
k3._domainkey.example.com. CNAME dkim3.mcsv.net.
dkim2.mcsv.net. TXT ${inPieces(good)}
dkim3.mcsv.net. TXT ${inPieces(good)}`;

export const txt = (selector: string, value: string) => ({
  name: `${selector}._domainkey.example.com`,
  type: 'TXT',
  value,
});
export const set = (selector: string, value: string, type = 'TXT') => ({ ...txt(selector, value), type, ttl: 3600 });

/** Of a sender with several keys, whose findings are several. */
export async function oneOf(id: CheckId, status: FindingStatus, scene: Scene) {
  const findings = await findingsFor(id, scene);
  const finding = findings.find((one) => one.status === status);
  assert.ok(finding, findings.map((one) => `${one.status}: ${one.meaning}`).join('\n'));
  if (status === 'pass') assert.ok(findings.every((one) => one.status === 'pass'));
  return finding;
}
