/**
 * OpenSMTPD sends to our MX, and takes from us what it can: it offers neither PIPELINING nor CHUNKING nor SMTPUTF8, so here our
 * client does without. (Its server side of TLS is left alone: the version of Debian 12 cannot sign with the keys we make.)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fieldText } from '../../../src/format/message/message-index.ts';
import { endsWith, largeLetter, oddLetter, sha256, statusGroups, trace } from '../../support/peers/odd-letters.ts';
import { opensmtpd, opensmtpdMissing } from '../../support/peers/opensmtpd.ts';
import { ann, juergen, officeDomains } from '../../support/peers/peer-office.ts';
import { openPeerWorld, type PeerWorld } from '../../support/peers/peer-world.ts';
import { injectTaken } from '../../support/peers/smtp-injector.ts';

describe(`beside ${opensmtpd.host}`, { skip: opensmtpdMissing() }, () => {
  let world: PeerWorld;
  const bob = `bob@${opensmtpd.domain}`;
  const inBox = (words: string) => world.box.find(words, ({ octets }) => octets.includes(words));
  const send = (to: string, octets: string | Uint8Array) =>
    injectTaken({ port: world.peer.ports.injection, from: bob, to: [to], octets });
  const note = (subject: string, from: string) =>
    `From: ${from}\r\nTo: somebody@else.test\r\nSubject: ${subject}\r\n${trace(subject).join('\r\n')}\r\n\r\nHello\r\n`;

  before(async () => {
    world = await openPeerWorld(opensmtpd);
  });
  after(() => world.close());

  test('odd octets arrive at our MX as they were', async () => {
    const octets = oddLetter({ from: bob, to: ann, subject: 'odd to us' });
    await send(ann, octets);
    const { raw, mail } = await world.office.arrival('odd to us');
    assert.ok(endsWith(raw, octets), Buffer.from(raw).toString('latin1'));
    assert.equal(mail.verdicts.spf, 'pass');
    assert.match(world.toOffice.talkWith(`<${bob}>`)?.client.join('') ?? '', /^DATA\r$/m);
  });

  test('25 MB arrive whole over TLS, our certificate proven', async () => {
    const to = `ann@${officeDomains.tls}`;
    const octets = largeLetter({ from: bob, to, subject: 'large to us' }, 25_000_000);
    await send(to, octets);
    const { raw, index } = await world.office.arrival('large to us');
    assert.equal(sha256(raw.subarray(-octets.length)), sha256(octets));
    assert.match(fieldText(index, 'received') ?? '', /with ESMTPS \(TLSv1\.3/);
    assert.match(world.peer.log(), /server-cert-check result="success"/);
  });

  test('an unknown mailbox is refused in the dialogue, and it tells its own sender', async () => {
    await send(`nobody@${officeDomains.plain}`, note('to nobody of ours', bob));
    const report = await world.box.find(
      'its notification',
      ({ from, octets }) => from.startsWith('<>') && octets.includes('to nobody of ours'),
    );
    const [, recipient] = statusGroups(report.octets);
    assert.equal(recipient?.get('action'), 'failed');
    assert.match(report.octets.toString(), /550 5\.1\.1 No such mailbox here/);
  });

  test('what we send arrives by DATA, one command at a time', async () => {
    const from = 'mallory@elsewhere.test';
    const octets = oddLetter({ from, to: `odd@${opensmtpd.domain}`, subject: 'odd from us' });
    await world.office.relay({ from: `<${from}> BODY=8BITMIME`, to: [`odd@${opensmtpd.domain}`], octets });
    const letter = await inBox('Subject: odd from us');
    assert.ok(endsWith(letter.octets, octets), letter.octets.toString('latin1'));
    const talk = world.toPeer.talkWith(`<${from}>`);
    assert.doesNotMatch(talk?.server.join('') ?? '', /^250[- ](PIPELINING|CHUNKING|SMTPUTF8)/m);
    for (const piece of talk?.client ?? []) assert.doesNotMatch(piece, /^MAIL[\s\S]*^RCPT|^BDAT \d{4}/m);
  });

  test('RFC 6531 §3.5, MAIL_RULES 11: what it cannot take is returned with 5.6.7, never changed', async () => {
    const to = `müller@${opensmtpd.domain}`;
    const octets = Buffer.from(note('beyond it', juergen));
    const sent = await world.office.submit({ from: `<${juergen}> SMTPUTF8`, to: [to], octets });
    const { recipients } = await world.office.settled(sent);
    assert.deepEqual(
      recipients.map(({ state }) => state),
      ['bounced'],
    );
    assert.match(recipients[0]?.say ?? '', /SMTPUTF8/);
    const told = await world.office.arrival('Undelivered mail');
    assert.equal(statusGroups(told.raw)[1]?.get('status'), '5.6.7');
    assert.equal(
      world.box.letters.some((one) => one.octets.includes('beyond it')),
      false,
    );
  });

  test('nothing of it has led the office into trouble', () => assert.deepEqual(world.office.errors, []));
});
