/** RFC 3461 at the next hop: what the sender asked for is said to who offers DSN, and the attempt tells who that was. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { jobFor, mailHosts, watched } from '../../../test/support/mail-hosts.ts';
import { createDirectMx } from './direct-mx.ts';

async function deliver(t: TestContext, offers: readonly string[]) {
  const world = await mailHosts(t, 'example.net A 192.0.2.1', { '192.0.2.1': { offers: [...offers] } });
  const transport = createDirectMx(world.ports, { ehloName: 'mx.sender.test' });
  t.after(() => transport.close());
  const job = jobFor('example.net', { to: ['b@example.net', 'ü@example.net', 'd@example.net'] });
  const wishes = [
    { notify: ['success'], originalRecipient: { type: 'rfc822', address: 'b+list@example.org' } } as const,
    { originalRecipient: { type: 'utf-8', address: 'ü@example.net' } },
    { notify: [] },
  ];
  const recipients = job.recipients.map((one, nth) => ({ ...one, wishes: wishes[nth] ?? {} }));
  const asked = { ...job, recipients, wishes: { ret: 'full', envelopeId: 'a b' } as const };
  const attempts = [await transport.deliver(asked, watched()), await transport.deliver(asked, watched())].flat();
  assert.ok(attempts.every(({ kind }) => kind === 'delivered'));
  const lines = world.mx('192.0.2.1').sessions[0]?.lines.filter((line) => /^(?:MAIL|RCPT)/.test(line));
  return { lines: lines?.slice(0, 4), dsn: attempts.map(({ via }) => via?.dsn === true) };
}

test('where DSN is offered the host takes over to tell, on a kept connection too', async (t) => {
  const { lines, dsn } = await deliver(t, ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'DSN']);
  assert.deepEqual(lines, [
    'MAIL FROM:<a@sender.test> SMTPUTF8 RET=FULL ENVID=a+20b',
    'RCPT TO:<b@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b+2Blist@example.org',
    'RCPT TO:<\xc3\xbc@example.net> ORCPT=utf-8;\\x{FC}@example.net',
    'RCPT TO:<d@example.net> NOTIFY=NEVER',
  ]);
  assert.deepEqual(dsn, Array(6).fill(true));
});

test('where it is not, nothing of it is said, and nobody has taken over', async (t) => {
  const { lines, dsn } = await deliver(t, ['8BITMIME', 'SMTPUTF8']);
  assert.deepEqual(lines, [
    'MAIL FROM:<a@sender.test> SMTPUTF8',
    'RCPT TO:<b@example.net>',
    'RCPT TO:<\xc3\xbc@example.net>',
    'RCPT TO:<d@example.net>',
  ]);
  assert.deepEqual(dsn, Array(6).fill(false));
});
