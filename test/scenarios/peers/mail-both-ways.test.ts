/**
 * Postfix and Exim send to our MX and receive from us, on loopback, with nothing between but a wire tap that writes down the words:
 * every extension of SMTP we speak, the refusals that pass, and the notifications, held to what arrives on the other side.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { domainToASCII } from 'node:url';
import { fieldText } from '../../../src/format/message/message-index.ts';
import type { MessageView } from '../../../src/services/outbound/types.ts';
import { exim, eximMissing } from '../../support/peers/exim.ts';
import type { Letter } from '../../support/peers/letter-box.ts';
import { endsWith, largeLetter, oddLetter, sha256, statusGroups, trace } from '../../support/peers/odd-letters.ts';
import { recipientsMax, sizeMaxBytes } from '../../support/peers/peer.ts';
import { ann, juergen, officeDomains, officeHost } from '../../support/peers/peer-office.ts';
import { openPeerWorld, type PeerKind, type PeerWorld } from '../../support/peers/peer-world.ts';
import { postfix, postfixMissing } from '../../support/peers/postfix.ts';
import { injectTaken } from '../../support/peers/smtp-injector.ts';
import type { Overheard } from '../../support/peers/wire-tap.ts';
import { patience, sendRequest } from '../../support/post-office.ts';
import { domain } from '../../support/temp-office.ts';

type Manners = {
  readonly kind: PeerKind;
  readonly skip: false | string;
  /** Whether it sends BDAT where it may. */
  readonly sendsChunks: boolean;
  /** Whether it says BODY=8BITMIME; Exim passes octets on without a word. */
  readonly declaresEightBit: boolean;
  /** Its log line about TLS to us, with our certificate proven. */
  readonly provenTls: RegExp;
  /** What its notifications call it to have given a message to a server that offers no DSN. */
  readonly handedOver: 'relayed' | 'delivered';
};

const peers: readonly Manners[] = [
  {
    kind: postfix,
    skip: postfixMissing(),
    sendsChunks: false,
    declaresEightBit: true,
    provenTls: /Verified TLS connection established to 127\.0\.0\.1.*TLSv1\.3/,
    handedOver: 'relayed',
  },
  {
    kind: exim,
    skip: eximMissing(),
    sendsChunks: true,
    declaresEightBit: false,
    provenTls: /=> ann@tls\.example\.com .* X=TLS1\.3:\S+ CV=yes/,
    handedOver: 'delivered',
  },
];

const megabytes25 = 25_000_000;

for (const manners of peers) {
  const { kind } = manners;
  describe(`beside ${kind.host}`, { skip: manners.skip }, () => {
    let world: PeerWorld;
    const bob = `bob@${kind.domain}`;
    const tlsDomain = `tls.${kind.domain}`;

    before(async () => {
      world = await openPeerWorld(kind);
    });
    after(() => world.close());

    /** Through the peer's own door, for the world outside. */
    const send = (wish: { from?: string; to: readonly string[]; octets: string | Uint8Array }) =>
      injectTaken({ port: world.peer.ports.injection, from: bob, ...wish });
    const inBox = (words: string, isIt: (letter: Letter) => boolean = () => true) =>
      world.box.find(words, (letter) => letter.octets.includes(words) && isIt(letter));
    const note = (subject: string, from = ann) =>
      `From: ${from}\r\nTo: somebody@${kind.domain}\r\nSubject: ${subject}\r\n${trace(subject).join('\r\n')}\r\n\r\nHello\r\n`;

    describe('from there to our MX', () => {
      test('odd octets arrive as they were, by 8BITMIME, SIZE, PIPELINING and the way it sends bodies', async () => {
        const octets = oddLetter({ from: bob, to: ann, subject: 'odd to us' });
        await send({ from: `<${bob}> BODY=8BITMIME`, to: [ann], octets });
        const { raw, mail } = await world.office.arrival('odd to us');
        assert.ok(endsWith(raw, octets), Buffer.from(raw).toString('latin1'));
        assert.equal(mail.envelopeFrom, bob);
        assert.equal(mail.verdicts.spf, 'pass');
        const talk = heard(world.toOffice.talkWith(`<${bob}>`));
        const said = talk.client.join('');
        assert.match(said, /^MAIL FROM:<bob@\S+> .*\bSIZE=\d+/m);
        assert.equal(/^MAIL FROM:<bob@\S+> .*\bBODY=8BITMIME/m.test(said), manners.declaresEightBit);
        assert.doesNotMatch(said, /SMTPUTF8/);
        assert.match(said, manners.sendsChunks ? /^BDAT \d{4,} LAST\r$/m : /^DATA\r$/m);
        assert.ok(
          talk.client.some((piece) => /^MAIL[\s\S]*^RCPT/m.test(piece)),
          'MAIL and RCPT were not said in one breath',
        );
        assert.doesNotMatch(talk.server.join(''), /^250[- ]DSN/m, 'strangers are offered DSN');
      });

      test('STARTTLS, our certificate proven', async () => {
        await send({ to: [`ann@${officeDomains.tls}`], octets: note('tls to us', bob) });
        const { index } = await world.office.arrival('tls to us');
        assert.match(fieldText(index, 'received') ?? '', /with ESMTPS \(TLSv1\.3/);
        await until('its log line', async () => manners.provenTls.test(world.peer.log()) || undefined);
      });

      test('SMTPUTF8: both addresses and the header beyond ASCII', async () => {
        const author = `grüße@${world.peer.domains.international}`;
        const octets = Buffer.from(
          `From: Grüße <${author}>\r\nTo: ${juergen}\r\nSubject: 国際 to us\r\n${trace('to us').join('\r\n')}\r\n\r\nHallo\r\n`,
        );
        await send({ from: `<${author}> SMTPUTF8 BODY=8BITMIME`, to: [juergen], octets });
        const { raw, mail } = await world.office.arrival('国際 to us');
        assert.ok(endsWith(raw, octets), Buffer.from(raw).toString());
        assert.equal(mail.recipient, `jürgen@${domainToASCII(officeDomains.international)}`);
        assert.equal(mail.envelopeFrom, `grüße@${domainToASCII(world.peer.domains.international)}`);
        assert.equal(mail.verdicts.spf, 'pass');
        assert.ok(world.toOffice.commands('MAIL').some((line) => /\bSMTPUTF8\b/.test(line)));
      });

      test('25 MB arrive whole, over TLS', async () => {
        const to = `ann@${officeDomains.tls}`;
        const octets = largeLetter({ from: bob, to, subject: 'large to us' }, megabytes25);
        await send({ to: [to], octets });
        const { raw } = await world.office.arrival('large to us');
        assert.equal(sha256(raw.subarray(-octets.length)), sha256(octets));
      });

      test('what is over our SIZE comes back to who sent it', async () => {
        const octets = largeLetter({ from: bob, to: ann, subject: 'too large for us' }, 26_300_000);
        await send({ from: `<${bob}> RET=HDRS`, to: [ann], octets });
        const report = await inBox('too large for us', ({ from }) => from.startsWith('<>'));
        const [, recipient] = statusGroups(report.octets);
        assert.equal(recipient?.get('action'), 'failed');
        assert.match(recipient?.get('status') ?? '', /^5\./);
        assert.deepEqual(await world.office.arrivals('too large for us'), []);
      });

      test('1,200 recipients: ours are 1,000 at a time, the rest follows, each once', {
        timeout: 120_000,
      }, async () => {
        const locals = Array.from({ length: 1_200 }, (_, at) => `many${at}`);
        const { directory } = world.office.office;
        await Promise.all(locals.map((local) => directory.addMailbox({ local, domain: domain(officeDomains.plain) })));
        await send({ to: locals.map((local) => `${local}@${officeDomains.plain}`), octets: note('many to us', bob) });
        const arrived = await until('1,200 messages', async () => {
          const found = (await world.office.office.mailbox.list({ limit: 5_000 })).filter(
            ({ subject }) => subject === 'many to us',
          );
          return found.length >= locals.length ? found : undefined;
        });
        assert.deepEqual(
          arrived.map(({ recipient }) => recipient).toSorted(),
          locals.map((local) => `${local}@${officeDomains.plain}`).toSorted(),
        );
        const said = world.toOffice.talks.flatMap(({ server }) => server).join('');
        assert.match(said, /^452 4\.5\.3 /m, 'nobody came to our limit');
      });

      test('a burst of messages: each arrives once', async () => {
        const subjects = Array.from({ length: 60 }, (_, at) => `burst ${at} to us`);
        for (let at = 0; at < subjects.length; at += 10) {
          const some = subjects.slice(at, at + 10);
          await Promise.all(some.map((subject) => send({ to: [ann], octets: note(subject, bob) })));
        }
        const arrived = await until('the burst', async () => {
          const found = (await world.office.office.mailbox.list({ limit: 5_000 })).filter(({ subject }) =>
            /^burst .* to us$/.test(subject),
          );
          return found.length >= subjects.length ? found.map(({ subject }) => subject) : undefined;
        });
        assert.deepEqual(arrived.toSorted(), subjects.toSorted());
      });

      test('451 while the DNS of its domain fails, and taken in when it comes again', async () => {
        const { unresolvable } = world.office;
        unresolvable.add(`_dmarc.${kind.domain}`);
        const before = world.peer.log().length;
        await send({ to: [ann], octets: note('later to us', bob) });
        await until('the deferral', async () => /\b451[ -]4\.\d\.\d/.test(world.peer.log().slice(before)) || undefined);
        assert.deepEqual(await world.office.arrivals('later to us'), []);
        unresolvable.clear();
        await world.office.arrival('later to us');
      });

      test('an unknown mailbox is refused in the dialogue, and the peer tells its own sender', async () => {
        await send({ to: [`nobody@${officeDomains.plain}`], octets: note('to nobody of ours', bob) });
        const report = await inBox('to nobody of ours', ({ from }) => from.startsWith('<>'));
        const [, recipient] = statusGroups(report.octets);
        assert.equal(recipient?.get('action'), 'failed');
        assert.match(recipient?.get('diagnostic-code') ?? '', /smtp; ?550[- ]5\.1\.1 No such mailbox here/);
      });

      test('asked for news of success, it says itself that it relayed: MAIL_RULES 3', async () => {
        await send({ to: [`<${ann}> NOTIFY=SUCCESS`], octets: note('success at a stranger', bob) });
        const report = await inBox('success at a stranger', ({ from }) => from.startsWith('<>'));
        assert.match(statusGroups(report.octets)[1]?.get('action') ?? '', new RegExp(`^${manners.handedOver}`));
        await world.office.arrival('success at a stranger');
        const [more] = world.box.letters.filter(
          (letter) => letter !== report && letter.octets.includes('success at a stranger'),
        );
        assert.equal(more, undefined, 'told twice');
      });
    });

    describe('from there through us, as a relay that we allow', () => {
      test('NOTIFY, RET, ENVID and ORCPT come in, and our report of success holds them', async () => {
        const to = `ann@${officeDomains.relay}`;
        await send({
          from: `<${bob}> RET=HDRS ENVID=En+2Bvelope1`,
          to: [`<${to}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@${kind.domain}`],
          octets: note('success at our relay', bob),
        });
        await world.office.arrival('success at our relay');
        const report = await inBox('success at our relay', ({ from }) => from.startsWith('<>'));
        const [message, recipient] = statusGroups(report.octets);
        assert.equal(message?.get('reporting-mta'), `dns; ${officeHost}`);
        assert.equal(message?.get('original-envelope-id'), 'En+velope1');
        assert.equal(recipient?.get('original-recipient'), `rfc822; first@${kind.domain}`);
        assert.equal(recipient?.get('final-recipient'), `rfc822; ${to}`);
        assert.equal(recipient?.get('action'), 'delivered');
        assert.match(recipient?.get('status') ?? '', /^2\./);
        assert.match(report.octets.toString(), /^Auto-Submitted: auto-replied\r$/m);
        assert.deepEqual(report.to, [`<${bob}>`]);
        const [mail] = world.toOffice.commands('MAIL').filter((line) => line.includes('En+2Bvelope1'));
        assert.match(mail ?? '', /RET=HDRS/);
      });

      test('our report of a failure: RET=FULL returns the message, NOTIFY=NEVER says nothing', async () => {
        const nobody = `nobody@${officeDomains.relay}`;
        const silent = `silent@${officeDomains.relay}`;
        await send({
          from: `<${bob}> RET=FULL ENVID=full-1`,
          to: [`<${silent}> NOTIFY=NEVER`, `<${nobody}> NOTIFY=FAILURE ORCPT=rfc822;${nobody}`],
          octets: note('failure at our relay', bob),
        });
        const report = await inBox('failure at our relay', ({ from }) => from.startsWith('<>'));
        const [message, recipient, ...more] = statusGroups(report.octets);
        assert.equal(message?.get('original-envelope-id'), 'full-1');
        assert.equal(recipient?.get('final-recipient'), `rfc822; ${nobody}`);
        assert.equal(recipient?.get('action'), 'failed');
        assert.equal(recipient?.get('status'), '5.1.1');
        assert.deepEqual(more, []);
        assert.match(report.octets.toString(), /^Content-Type: message\/rfc822/m);
        assert.match(report.octets.toString(), /\r\nHello\r\n/);
      });
    });

    describe('from us to there', () => {
      test('odd octets of others arrive as they were, by 8BITMIME, SIZE, CHUNKING and PIPELINING', async () => {
        const from = `mallory@elsewhere.test`;
        const to = `odd@${kind.domain}`;
        const octets = oddLetter({ from, to, subject: 'odd from us' });
        await world.office.relay({ from: `<${from}> BODY=8BITMIME`, to: [to], octets });
        const letter = await inBox('odd from us');
        assert.ok(endsWith(letter.octets, octets), letter.octets.toString('latin1'));
        assert.equal(letter.from.includes('BODY=8BITMIME'), manners.declaresEightBit);
        const talk = heard(world.toPeer.talkWith(`<${from}>`));
        const said = talk.client.join('');
        assert.match(said, new RegExp(`^MAIL FROM:<${from}> .*SIZE=\\d+`, 'm'));
        assert.match(said, new RegExp(`^MAIL FROM:<${from}> .*BODY=8BITMIME`, 'm'));
        assert.match(talk.server.join(''), /^250[- ]CHUNKING/m);
        assert.match(said, /^BDAT \d{4,} LAST\r$/m);
        assert.doesNotMatch(said, /^DATA\r$|SMTPUTF8/m);
        assert.ok(
          talk.client.some((piece) => /^MAIL[\s\S]*^RCPT/m.test(piece)),
          'MAIL and RCPT were not said in one breath',
        );
      });

      test('STARTTLS, its certificate proven', async () => {
        const sent = await world.office.submit({ to: [`carl@${tlsDomain}`], octets: note('tls from us') });
        await settledAs(sent, 'delivered');
        const steps = await world.office.office.outbound.timeline(sent.id);
        assert.match(steps.find(({ step }) => step === 'tls')?.say ?? '', /^TLSv1\.3, .*, certificate valid$/);
        const letter = await inBox('Subject: tls from us');
        assert.match(letter.octets.toString(), /^Received: [\s\S]*?\bwith esmtps /im);
      });

      test('SMTPUTF8: both addresses and the header beyond ASCII', async () => {
        const to = `müller@${world.peer.domains.international}`;
        const octets = Buffer.from(`From: Jürgen <${juergen}>\r\nTo: ${to}\r\nSubject: 国際 from us\r\n\r\nGrüße\r\n`);
        await settledAs(await world.office.submit({ from: `<${juergen}> SMTPUTF8`, to: [to], octets }), 'delivered');
        const letter = await inBox('国際 from us');
        assert.match(Buffer.from(letter.to[0] ?? '', 'latin1').toString(), /^<müller@/);
        assert.match(letter.octets.toString(), new RegExp(`^From: Jürgen <${juergen}>\r$`, 'm'));
        const [mail] = world.toPeer.commands('MAIL').filter((line) => line.includes('SMTPUTF8'));
        assert.ok(mail, 'SMTPUTF8 was not said');
      });

      test('25 MB arrive whole, over TLS', async () => {
        const to = `large@${tlsDomain}`;
        const octets = largeLetter({ from: 'mallory@elsewhere.test', to, subject: 'large from us' }, megabytes25);
        await world.office.relay({ from: 'mallory@elsewhere.test', to: [to], octets });
        const letter = await inBox('Subject: large from us');
        assert.equal(sha256(letter.octets.subarray(-octets.length)), sha256(octets));
      });

      test('what is over its SIZE is not even sent, and comes back to who sent it', async () => {
        const to = `heavy@${kind.domain}`;
        const octets = largeLetter({ from: bob, to, subject: 'too large for it' }, sizeMaxBytes + 50_000);
        await world.office.relay({ from: bob, to: [to], octets });
        const report = await inBox('too large for it', ({ from }) => from.startsWith('<>'));
        const [, recipient] = statusGroups(report.octets);
        assert.equal(recipient?.get('final-recipient'), `rfc822; ${to}`);
        assert.equal(recipient?.get('action'), 'failed');
        assert.equal(recipient?.get('status'), '5.3.4');
        assert.deepEqual(
          world.toPeer.commands('RCPT').filter((line) => line.includes(to)),
          [],
        );
      });

      test(`1,000 recipients where ${recipientsMax} are the limit: each gets it once`, async () => {
        const to = Array.from({ length: 1_000 }, (_, at) => `many${at}@${kind.domain}`);
        const { recipients } = await settledAs(
          await world.office.submit({ to, octets: note('many from us') }),
          'delivered',
        );
        assert.ok(
          recipients.every(({ tries }) => tries === 1),
          'some had to wait for another try',
        );
        await until('1,000 recipients', async () => {
          const reached = world.box.letters
            .filter((letter) => letter.octets.includes('Subject: many from us'))
            .flatMap((letter) => letter.to.map((path) => path.replace(/^<(.*?)>.*/, '$1')));
          if (reached.length < to.length) return undefined;
          assert.deepEqual(reached.toSorted(), to.toSorted());
          return true;
        });
        const said = world.toPeer.talks.flatMap(({ server }) => server).join('');
        assert.match(said, /^452 4\.5\.3 /m, 'nobody came to its limit');
      });

      test('a burst of messages: each arrives once', async () => {
        // All at once, and fewer than the 50 connections that one address may hold.
        const subjects = Array.from({ length: 40 }, (_, at) => `burst ${at} from us`);
        await Promise.all(
          subjects.map((subject) => world.office.submit({ to: [`burst@${kind.domain}`], octets: note(subject) })),
        );
        const arrived = await until('the burst', async () => {
          const found = world.box.letters.flatMap(
            ({ octets }) => /^Subject: (burst .*)\r$/m.exec(octets.toString())?.[1] ?? [],
          );
          return found.length >= subjects.length ? found : undefined;
        });
        assert.deepEqual(arrived.toSorted(), subjects.toSorted());
      });

      test('450 of a greylist: told as deferred, delivered with the next try', async () => {
        world.peer.greylist(['grey']);
        const sent = await world.office.submit({ to: [`grey@${kind.domain}`], octets: note('grey from us') });
        const { events } = world.office.office;
        const deferred = await events.waitFor({ subject: sent.id, types: ['email.deferred'], signal: patience() });
        assert.partialDeepStrictEqual(deferred?.data, { reply: { code: 450, enhanced: '4.7.1', stage: 'rcpt' } });
        world.peer.greylist([]);
        const [recipient] = (await settledAs(sent, 'delivered')).recipients;
        assert.ok((recipient?.tries ?? 0) >= 2);
        await inBox('Subject: grey from us');
        assert.equal(world.box.letters.filter(({ octets }) => octets.includes('Subject: grey from us')).length, 1);
      });

      test('NOTIFY, RET, ENVID and ORCPT go out, and its report of success becomes ours', async () => {
        const to = `glad@${kind.domain}`;
        const sent = await world.office.submit({
          from: `<${ann}> RET=HDRS ENVID=glad+2B1`,
          to: [`<${to}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@${officeDomains.plain}`],
          octets: note('success from us'),
        });
        await settledAs(sent, 'delivered');
        const told = await world.office.arrival(/^(Delivered|Relayed) mail/);
        const [message, recipient] = statusGroups(told.raw);
        assert.equal(message?.get('reporting-mta'), `dns; ${officeHost}`);
        assert.equal(message?.get('original-envelope-id'), 'glad+1');
        assert.equal(recipient?.get('original-recipient'), `rfc822; first@${officeDomains.plain}`);
        assert.equal(recipient?.get('final-recipient'), `rfc822; ${to}`);
        assert.equal(recipient?.get('action'), manners.handedOver);
        assert.equal(told.mail.envelopeFrom, '');
        assert.equal(told.mail.recipient, ann);
        const [mail] = world.toPeer.commands('MAIL').filter((line) => line.includes('ENVID='));
        assert.match(mail ?? '', /ENVID=glad\+2B1/);
        assert.match(mail ?? '', /RET=HDRS/);
        const [rcpt] = world.toPeer.commands('RCPT').filter((line) => line.includes(to));
        assert.match(rcpt ?? '', /NOTIFY=SUCCESS,FAILURE/);
        assert.match(rcpt ?? '', /ORCPT=rfc822;first@example\.com/);
      });

      test('wishes of others go with their mail, and the report goes to them without us', async () => {
        const to = `passed-on@${kind.domain}`;
        await world.office.relay({
          from: `<${bob}> RET=HDRS ENVID=passed-1`,
          to: [`<${to}> NOTIFY=SUCCESS ORCPT=rfc822;${to}`],
          octets: note('passed on', bob),
        });
        const report = await inBox('passed on', ({ from }) => from.startsWith('<>'));
        assert.deepEqual(report.to, [`<${bob}>`]);
        const [message, recipient] = statusGroups(report.octets);
        assert.match(message?.get('reporting-mta') ?? '', new RegExp(`^dns; ?${kind.host}$`));
        assert.equal(message?.get('original-envelope-id'), 'passed-1');
        assert.match(recipient?.get('original-recipient') ?? '', new RegExp(`^rfc822; ?${to}$`));
        assert.equal(recipient?.get('action'), manners.handedOver);
        const [mail] = world.toPeer.commands('MAIL').filter((line) => line.includes('passed-1'));
        assert.match(mail ?? '', new RegExp(`^MAIL FROM:<${bob}> .*RET=HDRS`));
      });

      test('what it took and returns comes back as a bounce to who submitted it', async () => {
        const to = `refused@${kind.domain}`;
        const sent = await world.office.submit({
          from: `<${ann}> RET=FULL ENVID=sad1`,
          to: [to],
          octets: note('bounce of mine'),
        });
        const told = await world.office.arrival('Undelivered mail');
        const [message, recipient] = statusGroups(told.raw);
        assert.equal(message?.get('original-envelope-id'), 'sad1');
        assert.equal(recipient?.get('final-recipient'), `rfc822; ${to}`);
        assert.equal(recipient?.get('action'), 'failed');
        assert.equal(recipient?.get('status'), '5.1.1'); // Exim says 5.0.0, and this in the words of the diagnosis
        assert.match(recipient?.get('diagnostic-code') ?? '', /550 5\.1\.1 no such person behind this door/);
        assert.equal(told.mail.envelopeFrom, '');
        const view = await world.office.office.outbound.message(sent.id);
        assert.equal(view?.recipients[0]?.state, 'bounced');
      });

      test('for mail of the API its bounce is an event and nothing else: MAIL_RULES 3', async () => {
        const { outbound, events } = world.office.office;
        const before = (await world.office.arrivals('Undelivered mail')).length;
        const accepted = await outbound.submit(
          { kind: 'key', account: 'key_1' },
          sendRequest({ from: ann, to: [`refused2@${kind.domain}`], subject: 'bounce of the API' }),
          { kind: 'http', clientAddress: '127.0.0.1' },
        );
        assert.ok(accepted.ok, JSON.stringify(accepted));
        const bounced = await events.waitFor({
          subject: accepted.value.id,
          types: ['email.bounced'],
          signal: patience(),
        });
        assert.partialDeepStrictEqual(bounced?.data, {
          recipient: `refused2@${kind.domain}`,
          enhanced: '5.1.1',
          reply: { text: '550 5.1.1 no such person behind this door' },
        });
        assert.equal((await world.office.arrivals('Undelivered mail')).length, before);
      });
    });

    test('nothing of it has led the office into trouble', () => assert.deepEqual(world.office.errors, []));

    async function settledAs(sent: MessageView, state: string): Promise<MessageView> {
      const settled = await world.office.settled(sent);
      const other = settled.recipients.filter((recipient) => recipient.state !== state);
      assert.deepEqual(other.slice(0, 3), []);
      return settled;
    }
  });
}

function heard(talk: Overheard | undefined): Overheard {
  assert.ok(talk, 'nobody said so on this wire');
  return talk;
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < endMs, `waited in vain for ${what}`);
  }
}
