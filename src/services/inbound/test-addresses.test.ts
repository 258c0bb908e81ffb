/** Mail to a test address: taken whatever is wrong with it, scored with what its connection showed, and not kept. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import {
  eventsOf,
  mailbox,
  patience,
  postOffice,
  receive,
  storedMail,
  stranger,
  submit,
} from '../../../test/support/post-office.ts';
import { domain } from '../../../test/support/temp-office.ts';

const zone = `
b.test MX 10 mx.b.test
b.test TXT "v=spf1 ip4:203.0.113.9 -all"
_dmarc.b.test TXT "v=DMARC1; p=reject"
mail.b.test A 203.0.113.9
9.113.0.203.in-addr.arpa PTR mail.b.test
`;
const letter = (from: string) =>
  `From: Bob <${from}>\r\nTo: you@example.com\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Sat, 1 Jan 2028 10:00:00 +0000\r\nMessage-ID: <1@b.test>\r\n\r\nHello Ada\r\n`;
const tls = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authorized: false };

async function made(t: Parameters<typeof postOffice>[0], options: Parameters<typeof postOffice>[1] = {}) {
  const office = await postOffice(t, { zone, ...options });
  const test = await office.tests.create(domain('example.com'));
  assert.ok(test.ok);
  return { office, ...test.value };
}

test('what comes is scored with its session, and lies in no mailbox', async (t) => {
  const { office, address, token } = await made(t);
  assert.match(address, /^test-[0-9a-z]{16}@example\.com$/);
  assert.equal((await office.tests.find(token))?.arrival, undefined);
  const { reply } = await receive(office, { to: [address], text: letter('bob@b.test'), peer: { ...stranger, tls } });
  assert.equal(reply.code, 250);
  const { arrival } = (await office.tests.find(token)) ?? {};
  assert.deepEqual(arrival?.session, {
    remoteAddress: '203.0.113.9',
    helo: 'mail.b.test',
    tls: 'TLSv1.3',
    mailFrom: 'bob@b.test',
  });
  assert.equal(arrival?.subject, 'Grüße');
  assert.equal(arrival?.result.score, 7.2); // SPF and DMARC without DKIM
  assert.deepEqual(await storedMail(office), []);
  assert.ok((await eventsOf(office)).some(({ type }) => type === 'email.received'));
});

test('a forged message is told its score instead of being refused, but not where others get it too', async (t) => {
  const { office, address, token } = await made(t);
  const forged = { text: letter('bob@b.test'), peer: { ...stranger, address: '198.51.100.66' } };
  assert.equal((await receive(office, { to: [address], ...forged })).reply.code, 250);
  const { arrival } = (await office.tests.find(token)) ?? {};
  assert.equal(arrival?.result.score, 0);
  assert.equal((await receive(office, { to: [address, 'ada@example.com'], ...forged })).reply.code, 550);
});

test('the latest message counts, whatever case the address is written in', async (t) => {
  const { office, address, token } = await made(t);
  await receive(office, { to: [address], text: letter('bob@b.test') });
  await receive(office, { to: [address.toUpperCase()], text: letter('eve@open.test') });
  assert.match((await office.tests.find(token))?.arrival?.from ?? '', /eve@open\.test/);
});

test('addresses that were never made, are over, or are of another domain lead nowhere', async (t) => {
  const timers = createManualTimers(Date.UTC(2028, 0, 1));
  const { office, address, token } = await made(t, { timers });
  await office.directory.addDomain(domain('example.net'), { verifiedBy: 'operator' });
  const admits = async (text: string) => {
    const path = { kind: 'mailbox', mailbox: mailbox(text), route: false } as const;
    return (await office.inbound.admit(stranger, mailbox('bob@b.test'), path)).kind;
  };
  assert.equal(await admits(address), 'accept');
  assert.equal(await admits('test-0123456789abcdef@example.com'), 'refuse');
  assert.equal(await admits('test-@example.com'), 'refuse');
  assert.equal(await admits(`test-${token}@example.net`), 'refuse');
  await timers.pass(8 * 86_400_000);
  assert.equal(await admits(address), 'refuse');
  assert.equal(await office.tests.find(token), undefined);
});

test('mail of the house itself is scored without a connection', async (t) => {
  const { office, address, token } = await made(t, { start: true });
  const id = await submit(office, { to: [address] });
  const view = await office.outbound.settled(id, patience());
  assert.equal(view?.recipients[0]?.state, 'delivered');
  const { arrival } = (await office.tests.find(token)) ?? {};
  assert.equal(arrival?.session.remoteAddress, undefined);
  assert.ok(arrival?.result.findings.some(({ status }) => status === 'pass'));
});
