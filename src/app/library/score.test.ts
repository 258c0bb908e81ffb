import assert from 'node:assert/strict';
import test from 'node:test';
import { signDkim } from 'posthorn/authentication';
import { resolverFromZone } from 'posthorn/dns';
import { createScorer, nothingKnown, type ScoreSession, scoreDocument, scoreMessage, scoreOf } from 'posthorn/score';
import { rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';

const key = importPrivateKey(rsaTestKeyPem);
assert.ok(key.ok);
const record = key.value.publicRecord;
const strings = (record.match(/.{1,200}/g) ?? []).map((one) => `"${one}"`).join(' ');

// The hosts of the story: Proton carries the domain's own mail, SendGrid its newsletter.
const hosts = `
10.2.0.192.in-addr.arpa. PTR mail-4310.proton.ch.
mail-4310.proton.ch. A 192.0.2.10
20.2.0.192.in-addr.arpa. PTR o1.ptr.sendgrid.net.
o1.ptr.sendgrid.net. A 192.0.2.20
em.sendgrid.net. TXT "v=spf1 ip4:192.0.2.20 -all"
s1._domainkey.sendgrid.net. TXT ${strings}
shop.example. MX 10 mail.proton.ch.
shop.example. TXT "proof=1"
`;
const spf = 'shop.example. TXT "v=spf1 ip4:192.0.2.10 ~all"\n';
const dkim = `p._domainkey.shop.example. TXT ${strings}\ns1._domainkey.shop.example. TXT ${strings}\n`;
const dmarc = (policy: string) => `_dmarc.shop.example. TXT "v=DMARC1; p=${policy}"\n`;
const returnPath = 'em1.shop.example. TXT "v=spf1 ip4:192.0.2.20 -all"\n';

const proton = {
  remoteAddress: '192.0.2.10',
  helo: 'mail-4310.proton.ch',
  mailFrom: 'ann@shop.example',
  tls: '1.3',
} satisfies ScoreSession;
const sendgrid = {
  remoteAddress: '192.0.2.20',
  helo: 'o1.ptr.sendgrid.net',
  mailFrom: 'bounces+1@em.sendgrid.net',
  tls: '1.3',
} satisfies ScoreSession;

const letter = Buffer.from(
  [
    'Date: Sun, 22 Nov 2026 09:59:59 +0000',
    'From: Ann <ann@shop.example>',
    'To: Bob <bob@receiver.example>',
    'Subject: Your order is on its way',
    'Message-ID: <1@shop.example>',
    '',
    'Hello Bob,',
    'it left our house this morning.',
    '',
  ].join('\r\n'),
);

async function signed(domain: string, selector: string): Promise<Buffer> {
  return Buffer.concat([await signDkim(letter, [{ domain, selector, privateKey: rsaTestKeyPem }]), letter]);
}

const byProton = await signed('shop.example', 'p');
const bySendgrid = await signed('sendgrid.net', 's1');
const authenticated = await signed('shop.example', 's1');
const score = async (zone: string, message: Uint8Array, session: ScoreSession) =>
  scoreMessage(message, session, { resolver: resolverFromZone(hosts + zone) });

test('the anchors of the table, out of real messages and real DNS', async () => {
  const spoof = { ...proton, remoteAddress: '203.0.113.9', helo: 'mail.elsewhere.example' };
  const elsewhere = 'mail.elsewhere.example. A 203.0.113.9\n9.113.0.203.in-addr.arpa. PTR mail.elsewhere.example.\n';
  const unnamed = { ...proton, remoteAddress: '192.0.2.11' };
  const whole = spf + dkim + dmarc('none');
  const anchors: readonly (readonly [string, string, Uint8Array, ScoreSession, number])[] = [
    ['A: MX and a verification record only', '', letter, proton, 2],
    ['B: SPF published', spf, letter, proton, 5.6],
    ['C: SPF, DKIM and DMARC', whole, byProton, proton, 10],
    ['D: through SendGrid as it comes', whole, bySendgrid, sendgrid, 4.4],
    [
      'E: through SendGrid with domain authentication',
      whole + returnPath,
      authenticated,
      { ...sendgrid, mailFrom: 'b@em1.shop.example' },
      10,
    ],
    ['SPF and DKIM without DMARC', spf + dkim, byProton, proton, 8],
    ['SPF and DMARC without DKIM', spf + dmarc('none'), letter, proton, 7.2],
    ['DKIM and DMARC without SPF', dkim + dmarc('none'), byProton, proton, 7.6],
    ['D without any DMARC record', spf + dkim, bySendgrid, sendgrid, 4.4],
    ['A without PTR', '', letter, unnamed, 0.8],
    ['a forgery against p=none', whole + elsewhere, letter, spoof, 1.7],
    ['a forgery against p=quarantine', spf + dkim + dmarc('quarantine') + elsewhere, letter, spoof, 0.7],
    ['a forgery against p=reject', spf + dkim + dmarc('reject') + elsewhere, letter, spoof, 0],
    ['SendGrid, aligned by DKIM only', whole, authenticated, sendgrid, 10],
    ['C, in the clear', whole, byProton, { ...proton, tls: 'none' }, 9],
  ];
  for (const [what, zone, message, session, points] of anchors)
    assert.equal((await score(zone, message, session)).score, points, what);
});

test('SendGrid as it comes: named, with its records for the domain in From', async () => {
  const one = await score(spf + dkim + dmarc('none'), bySendgrid, sendgrid);
  const finding = one.findings.find(({ id }) => id === 'ALN-02');
  assert.equal(finding?.status, 'fail');
  assert.match(finding?.meaning ?? '', /^It is signed by sendgrid\.net: SendGrid sent it/);
  assert.deepEqual(
    finding?.fix?.set.map(({ name, type }) => `${name} ${type}`),
    ['s1._domainkey.shop.example CNAME', 's2._domainkey.shop.example CNAME', '<label>.shop.example CNAME'],
  );
  assert.deepEqual(one.deductions.find(({ check }) => check === 'ALN-02')?.fix, finding?.fix);
  assert.equal(one.deductions.find(({ check }) => check === 'ALN-02')?.gainTenths, 56);
  assert.deepEqual(
    one.receivers.map(({ receiver, verdict }) => [receiver, verdict]),
    [
      ['Gmail', 'met'],
      ['Yahoo', 'met'],
      ['Microsoft', 'met'],
    ],
  );
  assert.match(one.reader[0]?.say ?? '', /via sendgrid\.net/);
  const asBulk = await score(spf + dkim + dmarc('none'), bySendgrid, { ...sendgrid, isBulk: true });
  assert.ok(asBulk.receivers.every(({ verdict }) => verdict === 'not-met'));
});

test('a host that SPF does not name: the very record that would, with what is there left as it is', async () => {
  const fixOf = async (session: ScoreSession, zone: string, check: string) =>
    (await score(zone, letter, session)).deductions.find((one) => one.check === check)?.fix;
  const refused = await fixOf({ ...proton, remoteAddress: '203.0.113.9' }, spf + dmarc('none'), 'SPF-14');
  const values = (records: readonly { readonly value: string }[] = []) => records.map(({ value }) => value);
  assert.deepEqual(values(refused?.delete), ['v=spf1 ip4:192.0.2.10 ~all']);
  assert.deepEqual(values(refused?.set), ['v=spf1 ip4:203.0.113.9 ip4:192.0.2.10 ~all'], 'HELO names nobody');
  const unpublished = await fixOf(proton, '', 'SPF-01');
  assert.deepEqual(values(unpublished?.set), ['v=spf1 include:_spf.protonmail.ch ~all'], 'a confirmed name does');
});

test('what is not known costs nothing and is said: no address, DNS that fails', async () => {
  const noAddress = await score(spf + dkim + dmarc('none'), byProton, {});
  assert.equal(noAddress.score, 10);
  assert.ok(noAddress.quiet.some(({ state, say }) => state === 'unknown' && /^SPF/.test(say)));
  const unsigned = await score(spf + dkim + dmarc('reject'), letter, {});
  assert.deepEqual(
    unsigned.deductions.map(({ check }) => check),
    ['DKM-01'],
  );
  const failing =
    '_dmarc.shop.example. TXT "v=DMARC1; p=reject"\n;!SERVFAIL shop.example.\n;!SERVFAIL p._domainkey.shop.example.\n';
  const dark = await score(failing, byProton, proton);
  assert.equal(dark.score, 10);
  assert.deepEqual([dark.facts.spf.result, dark.facts.dkim.result], ['unknown', 'unknown']);
});

test('as its receiver noted it: scored without DNS, what was not noted is not known', async () => {
  const noted = Buffer.concat([
    Buffer.from(
      'Authentication-Results: mx.receiver.example; dkim=pass header.d=sendgrid.net header.s=s1;\r\n' +
        ' spf=pass smtp.mailfrom=b@em.sendgrid.net; dmarc=fail (p=NONE dis=NONE) header.from=shop.example\r\n',
    ),
    bySendgrid,
  ]);
  const silent = { lookup: () => Promise.reject(new Error('nothing is to be looked up')) };
  const one = await createScorer({ resolver: silent }).scoreMessage(noted);
  assert.equal(one.score, 4.4);
  assert.equal(one.evidence.source, 'header');
  assert.equal(one.facts.host.reverseName, 'unknown');
  const document = scoreDocument(one);
  assert.deepEqual([document.score, document.evidence.by, document.authentication], [4.4, 'mx.receiver.example', null]);
});

test('the same numbers out of the table alone, and the document has only JSON in it', async () => {
  const one = await score(spf + dkim + dmarc('none'), bySendgrid, sendgrid);
  const { tenths, deductions } = scoreOf(one.facts);
  assert.deepEqual([tenths, deductions], [one.tenths, one.deductions]);
  assert.equal(scoreOf(nothingKnown).score, 10);
  const document = scoreDocument(one);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  assert.equal(document.authentication?.dmarc.result, 'fail');
});
