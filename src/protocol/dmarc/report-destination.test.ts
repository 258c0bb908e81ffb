import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { verifyReportDestination } from './report-destination.ts';
import { parseReportUri } from './report-uri.ts';

async function destination(zone: string, uri: string, policyDomain = 'example.com'): Promise<string> {
  const domain = parseDomainName(policyDomain);
  const address = parseReportUri(uri);
  assert.ok(domain && address?.mailbox);
  const wanted = { policyDomain: domain, address: { ...address, mailbox: address.mailbox } };
  const verdict = await verifyReportDestination(resolverFromZone(zone), wanted);
  return verdict.kind === 'allowed' ? `allowed ${verdict.to.map((one) => one.uri).join(' ')}` : verdict.kind;
}

const records = '_dmarc.example.com TXT "v=DMARC1; p=none"\n_dmarc.reports.test TXT "v=DMARC1; p=none"\n';
const permit = 'example.com._report._dmarc.reports.test TXT';

test('RFC 9990: an address of the same organizational domain needs nobody’s permission', async () => {
  assert.equal(await destination(records, 'mailto:d@example.com'), 'allowed mailto:d@example.com');
  assert.equal(await destination(records, 'mailto:d@mail.example.com'), 'allowed mailto:d@mail.example.com');
  assert.equal(await destination(records, 'mailto:d@example.com', 'sub.example.com'), 'allowed mailto:d@example.com');
});

test('RFC 9990: another organization’s address needs its record; a bare v=DMARC1, a wildcard or several of them will do', async () => {
  const uri = 'mailto:d@reports.test';
  assert.equal(await destination(records, uri), 'refused');
  assert.equal(await destination(`${records}${permit} "yes"`, uri), 'refused');
  assert.equal(await destination(`${records}${permit} "v=DMARC1"`, uri), `allowed ${uri}`);
  assert.equal(
    await destination(`${records}${permit} "v=DMARC1"\n${permit} "v=DMARC1;"\n${permit} "x"`, uri),
    `allowed ${uri}`,
  );
  assert.equal(await destination(`${records}*._report._dmarc.reports.test TXT "v=DMARC1"`, uri), `allowed ${uri}`);
});

test('RFC 9990: the permission may name another address, on the same host only', async () => {
  const uri = 'mailto:d@reports.test';
  assert.equal(
    await destination(`${records}${permit} "v=DMARC1; rua=mailto:e@reports.test"`, uri),
    'allowed mailto:e@reports.test',
  );
  assert.equal(await destination(`${records}${permit} "v=DMARC1; rua=mailto:e@victim.test"`, uri), 'refused');
  assert.equal(await destination(`${records}${permit} "v=DMARC1; rua=https://reports.test/"`, uri), 'refused');
});

test('a failure of the DNS is no refusal', async () => {
  const uri = 'mailto:d@reports.test';
  assert.equal(await destination(`${records};!SERVFAIL example.com._report._dmarc.reports.test`, uri), 'unknown');
  assert.equal(await destination(`${records};!TIMEOUT _dmarc.test`, uri), 'unknown');
});
