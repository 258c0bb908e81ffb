/**
 * What strangers try at our MX, from outside and over real sockets: to relay, to smuggle, to speak out of turn, to pass for somebody
 * else, to loop. Each must meet a refusal, or leave nothing behind that misleads a reader. The victim is hello@example.com.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { eachAtOnce } from '../../src/base/at-once.ts';
import { concat, fromLatin1, latin1, utf8 } from '../../src/base/bytes.ts';
import type { ReceivedEmail } from '../../src/entrances/http/schemas/inbox.ts';
import { formatAddrSpec } from '../../src/format/address.ts';
import { indexMessage } from '../../src/format/message/message-index.ts';
import { parseAuthenticationResults } from '../../src/protocol/auth-results/parse-auth-results.ts';
import { signDkim } from '../../src/protocol/dkim/sign-dkim.ts';
import { readAuthor } from '../../src/protocol/read-author.ts';
import type { StoredMail } from '../../src/services/mailbox/types.ts';
import { endOfDataLookAlikes } from '../support/end-of-data-look-alikes.ts';
import { Dialogue, field, fieldCount, openScene, type Scene, settledMessage } from '../support/sandbox-scene.ts';
import { domain } from '../support/temp-office.ts';

const victim = 'hello@example.com';
const mallory = 'mallory@example.net';
/** Of the world's hosts, the one that speaks for example.net; and one that speaks for nobody. */
const theirAddress = '198.51.100.20';
const strangerAddress = '203.0.113.66';

describe('strangers at the MX', () => {
  let scene: Scene;
  let port: number;
  let proxyPort: number;
  before(async () => {
    scene = await openScene();
    port = scene.facts.mx.port;
    proxyPort = scene.facts.mx.proxy_port;
  });
  after(() => scene.close());

  type Kept = { readonly mail: StoredMail; readonly raw: Uint8Array };

  /** What lies in mailboxes of the office with these octets in it. */
  async function kept(marker: string): Promise<Kept[]> {
    const { mailbox } = scene.world.stage.yours;
    const all: Kept[] = [];
    for (const mail of await mailbox.list({ limit: 1_000 })) {
      const raw = await mailbox.raw(mail.id);
      if (raw && latin1(raw).includes(marker)) all.push({ mail, raw });
    }
    return all;
  }

  /** Each in a dialogue of its own, a few at a time. */
  async function each<T>(cases: readonly T[], attempt: (one: T) => Promise<void>): Promise<void> {
    await eachAtOnce(cases, 8, attempt);
  }

  async function theirSignatures(message: Uint8Array): Promise<Uint8Array> {
    const keys = await scene.world.stage.theirs.directory.activeSigners(domain('example.net'));
    return signDkim(message, keys, { nowSeconds: Math.floor(Date.now() / 1000) });
  }

  describe('do not get mail to others through us', () => {
    const others = [
      ...['<friend@example.net>', '<FRIEND@EXAMPLE.NET>', '<friend@example.net.>', '<"friend"@example.net>'],
      ...[
        '<stranger@example.org>',
        '<hello@sub.example.com>',
        '<hello@example.com.example.net>',
        '<hello@xexample.com>',
      ],
      ...['<friend%example.net@example.com>', '<friend%example.net@mx.example.com>', '<friend%example.net>'],
      ...['<example.net!friend@example.com>', '<example.com!example.net!friend>', '<example.net!friend>'],
      ...['<@example.com:friend@example.net>', '<@mx.example.com,@example.com:friend@example.net>'],
      ...['<@example.com:friend%example.net@example.com>', '<@[127.0.0.1]:friend@example.net>'],
      ...['<"friend@example.net"@example.com>', '<"friend%example.net"@example.com>', '<"friend@example.net">'],
      ...['<friend@example.net@example.com>', '<friend@example.com@example.net>', '<"friend"@example.net@example.com>'],
      ...['<friend@[198.51.100.20]>', '<hello@[127.0.0.1]>', '<friend%example.net@[127.0.0.1]>', '<f@[IPv6:::1]>'],
      ...[
        '<friend@example.net\0@example.com>',
        '<friend@example.net\0.example.com>',
        '<hello@example.com\0.example.net>',
      ],
      ...[
        '<friend@localhost>',
        '<friend>',
        '<friend@>',
        '<@example.com>',
        '<>',
        'friend@example.net',
        '<friend@127.0.0.1>',
      ],
      ...[
        '<friend@example.net,hello@example.com>',
        '<hello@example.com> <friend@example.net>',
        '<hello@example.com friend>',
      ],
      ...['<hello@example.com>,<friend@example.net>', '<hello@example.com>; friend@example.net'],
      ...[
        '<friend@example.net> ORCPT=rfc822;hello@example.com',
        '<|/bin/sh>',
        '<"|/bin/sh"@example.com>',
        '</etc/x@example.com>',
      ],
      ...['<b+m0123456789abcdef0123456789.0123456789abcdef@bounce.example.net>', '<hello@bounce.example.com>'],
      ...['<friend@ex\u00e4mple.net>', '<friend@example.net> SMTPUTF8', '<hello+x@example.com>'],
    ];

    test('in no spelling, whoever they say they are', async () => {
      const senders = ['<stranger@example.org>', `<${victim}>`, '<>'];
      const attempts = senders.flatMap((sender) => others.map((recipient) => ({ sender, recipient })));
      await each(attempts, async ({ sender, recipient }) => {
        using dialogue = await Dialogue.greeted(port);
        assert.match(await dialogue.ask(`MAIL FROM:${sender}`), /^250 2\.1\.0 /);
        assert.match(await dialogue.ask(`RCPT TO:${recipient}`), /^5\d\d /, `${sender} to ${recipient}`);
        assert.match(await dialogue.ask('DATA'), /^5\d\d /, `${sender} to ${recipient}`);
      });
      assert.deepEqual(await scene.world.stage.yours.outbound.messages({ limit: 1 }), []);
    });

    test('no address is trusted for being near: loopback, our own, the other office', async () => {
      for (const from of ['127.0.0.1', '192.0.2.10', theirAddress, '::1', '10.0.0.1']) {
        using dialogue = await Dialogue.greeted(proxyPort, { from });
        await dialogue.ask('MAIL FROM:<a@example.org>');
        assert.equal(
          await dialogue.ask('RCPT TO:<friend@example.net>'),
          '550 5.7.1 This server takes no mail for that domain',
        );
      }
    });

    test('while mail for us comes in, in every spelling of us', async () => {
      const spellings = [`<${victim}>`, '<HELLO@Example.COM>', '<"hello"@example.com>'];
      await each([...spellings, '<@example.org,@example.net:hello@example.com>'], async (recipient) => {
        using dialogue = await Dialogue.greeted(port);
        await dialogue.ask('MAIL FROM:<stranger@example.org>');
        assert.match(await dialogue.ask(`RCPT TO:${recipient}`), /^250 2\.1\.5 /, recipient);
      });
    });

    test('there is no login here', async () => {
      using dialogue = await Dialogue.greeted(port);
      assert.match(await dialogue.ask('AUTH PLAIN AGEAYg=='), /^5\d\d /);
      assert.equal(await dialogue.ask('STARTTLS'), '220 2.0.0 Ready to start TLS');
      await dialogue.secure(readFileSync(scene.facts.world.authority, 'utf8'));
      assert.doesNotMatch(await dialogue.ask('EHLO mail.example.org'), /AUTH/);
      assert.match(await dialogue.ask('AUTH PLAIN AGEAYg=='), /^5\d\d /);
    });
  });

  describe('do not learn who is here', () => {
    test('VRFY and EXPN say the same of everybody', async () => {
      using dialogue = await Dialogue.greeted(port);
      const names = ['hello', victim, 'nobody@example.com', '<hello@example.com>', 'postmaster', 'friend@example.net'];
      const said = new Set<string>();
      for (const name of names)
        said.add(`${await dialogue.ask(`VRFY ${name}`)}\n${await dialogue.ask(`EXPN ${name}`)}`);
      assert.deepEqual([...said].length, 1);
      assert.match([...said][0] ?? '', /^252 .*\n502 /);
    });

    test('who guesses names is cut off', async () => {
      using dialogue = await Dialogue.greeted(port);
      await dialogue.ask('MAIL FROM:<stranger@example.org>');
      const lines = Array.from({ length: 40 }, (_, i) => `RCPT TO:<guess${i}@example.com>\r\n`);
      dialogue.say(lines.join(''));
      const replies = await dialogue.hearOut();
      assert.equal(replies.filter((reply) => reply === '550 5.1.1 No such mailbox here').length, 20);
      assert.equal(replies.at(-1), '421 4.7.0 Too many errors');
    });
  });

  describe('speak SMTP, in turn, or not at all', () => {
    const http = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200\r\n\r\nEHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<${victim}>\r\nDATA\r\nSubject: by HTTP\r\n\r\nsmuggled\r\n.\r\n`;
    const clientHello = Uint8Array.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3);

    describe('before the banner', () => {
      // With a pause that ends by itself in no test: how soon a stranger's first word is read depends on the machine.
      let patient: Scene;
      before(async () => {
        patient = await openScene(undefined, new Map([['limits.early_talk_milliseconds', 600_000]]));
      });
      after(() => patient.close());

      const early: [string, string | Uint8Array][] = [
        ['EHLO', 'EHLO mail.example.org\r\n'],
        [
          'a whole transaction',
          `EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<${victim}>\r\nDATA\r\n\r\nearly bird\r\n.\r\n`,
        ],
        ['HTTP', http],
        ['a TLS ClientHello', clientHello],
        ['a PROXY v1 header', 'PROXY TCP4 192.0.2.10 192.0.2.10 1 25\r\n'],
      ];
      for (const [name, octets] of early) {
        test(`${name}: 521, and the connection ends`, async () => {
          using dialogue = await Dialogue.open(patient.facts.mx.port, { early: octets });
          assert.deepEqual(await dialogue.hearOut(), ['521 5.5.1 A client waits for the banner']);
        });
      }

      test('a PROXY v2 header where none is expected: 521, and the address in it is nobody’s', async () => {
        using dialogue = await Dialogue.open(patient.facts.mx.port, { from: '192.0.2.10' });
        assert.deepEqual(await dialogue.hearOut(), ['521 5.5.1 A client waits for the banner']);
      });

      test('and no mail of it is kept, nor an error told', async () => {
        assert.deepEqual(await patient.world.stage.yours.mailbox.list({ limit: 10 }), []);
        assert.deepEqual(patient.errors, []);
      });
    });

    test('without a PROXY header where one is needed there is not even a banner', async () => {
      for (const octets of ['EHLO mail.example.org\r\n', 'PROXY TCP4 192.0.2.10 192.0.2.10 1 25\r\n', clientHello]) {
        using dialogue = await Dialogue.open(proxyPort, { early: octets });
        assert.deepEqual(await dialogue.hearOut(), []);
      }
    });

    test('HTTP after the banner is told what this is, and its body is no mail', async () => {
      using dialogue = await Dialogue.open(port);
      await dialogue.hear();
      dialogue.say(http);
      assert.deepEqual(await dialogue.hearOut(), ['521 5.5.1 This is a mail server']);
      assert.deepEqual(await kept('smuggled'), []);
    });

    test('a TLS ClientHello after the banner ends the connection without a word', async () => {
      using dialogue = await Dialogue.open(port);
      await dialogue.hear();
      dialogue.say(clientHello);
      assert.deepEqual(await dialogue.hearOut(), []);
    });

    test('RFC 3207 §4.2: what was said before TLS is forgotten, what waited in the buffer is never run', async () => {
      using dialogue = await Dialogue.greeted(port);
      assert.match(await dialogue.ask('STARTTLS now'), /^501 /);
      assert.match(await dialogue.ask('MAIL FROM:<a@example.org>'), /^250 /);
      assert.match(await dialogue.ask('STARTTLS'), /^503 /);
      assert.match(await dialogue.ask('RSET'), /^250 /);
      dialogue.say('STARTTLS\r\nEHLO injected.example\r\nMAIL FROM:<injected@example.org>\r\n');
      assert.match(await dialogue.hear(), /^220 /);
      assert.match(String(await dialogue.secure(readFileSync(scene.facts.world.authority, 'utf8'))), /^TLSv1\.[23]$/);
      assert.match(await dialogue.ask('MAIL FROM:<a@example.org>'), /^503 5\.5\.1 Say EHLO first/);
      assert.match(await dialogue.ask('EHLO mail.example.org'), /^250/);
      assert.match(await dialogue.ask('STARTTLS'), /^503 /);
      assert.match(await dialogue.ask(`RCPT TO:<${victim}>`), /^503 5\.5\.1 MAIL comes first/);
    });

    test('submission does not speak TLS 1.0 or 1.1', async () => {
      using dialogue = await Dialogue.greeted(scene.facts.submission.port);
      assert.match(await dialogue.ask('STARTTLS'), /^220 /);
      const authority = readFileSync(scene.facts.world.authority, 'utf8');
      await assert.rejects(dialogue.secure(authority, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
    });
  });

  describe('end a message with CR LF . CR LF and nothing else', () => {
    const smuggled = `MAIL FROM:<${victim}>\r\nRCPT TO:<${victim}>\r\nDATA\r\nFrom: <${victim}>\r\nSubject: smuggled\r\n\r\nI came along\r\n`;

    test('no look-alike ends it early, nor gets a second MAIL answered', async () => {
      const looks = Object.entries(endOfDataLookAlikes);
      assert.ok(looks.length > 40);
      await each(looks, async ([name, octets]) => {
        const marker = `look-alike ${name.replaceAll(/[^\w]/g, (c) => `_${c.charCodeAt(0)}`)}.`;
        using dialogue = await Dialogue.greeted(port);
        for (const line of ['MAIL FROM:<a@example.org>', `RCPT TO:<${victim}>`, 'DATA']) await dialogue.ask(line);
        dialogue.say(fromLatin1(`From: <a@example.org>\r\nSubject: ${marker}\r\n\r\nfirst`));
        dialogue.say(octets);
        dialogue.say(`${smuggled}.\r\n`);
        const reply = await dialogue.hear();
        dialogue.say('QUIT\r\n');
        const rest = await dialogue.hearOut();
        const stored = await kept(marker);
        if (reply.startsWith('521 ')) {
          assert.deepEqual([rest, stored.length], [[], 0], name);
          return;
        }
        // Not an end to anybody: the text is one message, whole, and what follows is its text.
        assert.match(reply, /^250 2\.0\.0 Stored as /, name);
        assert.deepEqual(rest, ['221 2.0.0 Goodbye'], name);
        assert.equal(stored.length, 1, name);
        assert.ok(latin1(stored[0]?.raw ?? fromLatin1('')).endsWith('\r\nI came along\r\n'), name);
      });
      const { mailbox } = scene.world.stage.yours;
      const subjects = (await mailbox.list({ limit: 1_000 })).map(({ subject }) => subject);
      assert.ok(!subjects.includes('smuggled'));
    });

    test('right after the 354 a dot with a lone LF is no end either', async () => {
      for (const start of ['.\n', '\n.\n', '\n.\r\n', '.\r.\r\n']) {
        using dialogue = await Dialogue.greeted(port);
        for (const line of ['MAIL FROM:<a@example.org>', `RCPT TO:<${victim}>`, 'DATA']) await dialogue.ask(line);
        dialogue.say(`${start}${smuggled}.\r\n`);
        assert.deepEqual(await dialogue.hearOut(), [
          '521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted',
        ]);
      }
    });

    for (const [name, text] of [
      ['LF', 'From: <a@example.org>\nSubject: bare\n\nlines of another world\n'],
      ['CR', 'From: <a@example.org>\r\nSubject: bare\r\n\r\nlines of\ranother world'],
    ] as const) {
      test(`MAIL_RULES 13: a lone ${name} is 521 and the end of the connection`, async () => {
        using dialogue = await Dialogue.greeted(port);
        const reply = await dialogue.send({ from: 'a@example.org', to: victim }, text);
        assert.equal(reply, '521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted');
        assert.equal(await dialogue.hear(), '');
        assert.deepEqual(await kept('another world'), []);
      });
    }

    test('a lone LF ends no command either', async () => {
      using dialogue = await Dialogue.greeted(port);
      dialogue.say(`MAIL FROM:<a@example.org>\nRCPT TO:<${victim}>\r\n`);
      assert.deepEqual(await dialogue.hearOut(), ['521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted']);
    });
  });

  describe('do not pass for somebody else', () => {
    type Outcome = 'unclear' | 'judged as the victim' | 'not proven wrong' | 'their own' | 'bare line end';
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    /** What the header says of its author, and whom we take for it. */
    const disguises: [name: string, header: string, outcome: Outcome][] = [
      ['two From fields', `From: <${mallory}>\r\nFrom: <${victim}>`, 'unclear'],
      ['two From fields, the victim first', `From: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a blank before the name', ` From: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a tab before the name', `\tFrom: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a blank before the colon', `From : <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a blank before the only colon', `From : <${mallory}>`, 'unclear'],
      ['a folded name', `From\r\n : <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a NUL before the name', `\0From: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a NUL inside the name', `Fr\0om: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a byte order mark before the name', `\ufeffFrom: <${victim}>\r\nFrom: <${mallory}>`, 'unclear'],
      ['a field without a colon before', `From <${victim}>\r\nFrom: <${mallory}>`, 'their own'],
      ['no From', 'X-From: nobody', 'unclear'],
      ['an empty From', 'From:', 'unclear'],
      ['another Sender', `From: <${mallory}>\r\nSender: <${victim}>`, 'their own'],
      ['another Resent-From', `Resent-From: <${victim}>\r\nFrom: <${mallory}>`, 'their own'],
      ['another Reply-To', `From: <${mallory}>\r\nReply-To: <${victim}>`, 'their own'],
      ['two addresses', `From: <${mallory}>, <${victim}>`, 'unclear'],
      ['two addresses, the victim first', `From: ${victim}, ${mallory}`, 'unclear'],
      ['an encoded word as address', `From: =?utf-8?B?${base64(`<${victim}>`)}?=`, 'unclear'],
      ['an encoded word inside an address', 'From: <=?utf-8?Q?hello=40example.com?=@example.net>', 'unclear'],
      ['an encoded word before the address', `From: =?utf-8?B?${base64(`${victim}\0 <x`)}?= <${mallory}>`, 'their own'],
      ['a quoted name that looks like an address', `From: "<${victim}>" <${mallory}>`, 'their own'],
      ['a route', `From: <@example.com:${mallory}>`, 'unclear'],
      ['a route to the victim', `From: <@example.net,@example.org:${victim}>`, 'unclear'],
      ['a quoted pair', 'From: <"hello\\@example.com"@example.net>', 'their own'],
      ['a quoted pair outside quotes', `From: <hello\\@example.com@example.net>`, 'unclear'],
      ['two @', 'From: <hello@example.com@example.net>', 'unclear'],
      ['a bare address before the angle', `From: ${victim} <${mallory}>`, 'unclear'],
      ['a bare address after the angle', `From: <${mallory}> ${victim}`, 'unclear'],
      ['two angles', `From: <${mallory}><${victim}>`, 'unclear'],
      ['angles in angles', `From: <<${victim}>${mallory}>`, 'unclear'],
      ['an angle that stays open', `From: <${mallory}`, 'unclear'],
      ['a semicolon between', `From: <${mallory}>; <${victim}>`, 'unclear'],
      ['a comment', `From: <${mallory}> (<${victim}>)`, 'their own'],
      ['a comment inside the address', 'From: <hello@example.com(.example.net)>', 'judged as the victim'],
      ['a comment that stays open', `From: (${mallory} <${victim}>`, 'unclear'],
      ['a group', `From: Friends: <${victim}>;`, 'judged as the victim'],
      ['a group with both', `From: Friends: <${mallory}>, <${victim}>;`, 'unclear'],
      ['an empty group', 'From: Friends:;', 'unclear'],
      ['a group named as the victim', `From: ${victim}: <${mallory}>;`, 'unclear'],
      ['a full-width @', 'From: <hello＠example.com>', 'unclear'],
      ['full-width letters', 'From: <hello@ｅxample.com>', 'unclear'],
      ['a full-width @ in the name', `From: hello＠example.com <${mallory}>`, 'their own'],
      ['a trailing dot', 'From: <hello@example.com.>', 'judged as the victim'],
      ['capitals', 'FROM: <HELLO@EXAMPLE.COM>', 'judged as the victim'],
      ['folds', 'From:\r\n Hello\r\n <hello@example.com>', 'judged as the victim'],
      ['a subdomain of the victim that does not exist', 'From: <hello@billing.example.com>', 'not proven wrong'],
      ['a blank inside the domain', 'From: <hello@example.com .example.net>', 'unclear'],
      ['a NUL inside the address', 'From: <hello@example.com\0.example.net>', 'unclear'],
      ['a NUL after the address', `From: <${mallory}>\0 <${victim}>`, 'unclear'],
      ['an address literal', 'From: <hello@[192.0.2.10]>', 'unclear'],
      ['a lone CR', `From: <${mallory}>\rFrom: <${victim}>`, 'bare line end'],
      ['a lone LF', `From: <${mallory}>\nFrom: <${victim}>`, 'bare line end'],
    ];
    const expected: Record<Outcome, RegExp> = {
      unclear: /^550 5\.7\.1 /,
      'judged as the victim': /^550 5\.7\.26 /,
      'not proven wrong': /^250 2\.0\.0 Stored as /, // in Junk: there is no SPF record that rules the client out (MAIL_RULES 15)
      'their own': /^250 2\.0\.0 Stored as /,
      'bare line end': /^521 5\.5\.2 /,
    };

    /** Nobody who reads it may take the victim for its author. */
    function misleadsNobody({ mail, raw }: Kept, name: string): void {
      const index = indexMessage(raw);
      assert.equal(fieldCount(index, 'authentication-results'), 1, name);
      assert.doesNotMatch(field(index, 'authentication-results'), /dmarc=pass (?!header\.from=example\.net)/, name);
      if (mail.verdicts.dmarc === 'pass') assert.match(mail.headerFrom ?? '', /@example\.net$/, name);
      else assert.deepEqual([mail.folder, mail.verdicts.dmarc], ['Junk', 'fail'], name);
    }

    test('by no disguise of the From field, not even with SPF and DKIM of their own', async () => {
      const wrong: string[] = [];
      const expect = (reply: string, pattern: RegExp, what: string) => {
        if (!pattern.test(reply)) wrong.push(`${what}: ${reply}`);
      };
      await each(disguises, async ([name, header, outcome]) => {
        const marker = `<${name.replaceAll(/\W/g, '-')}@disguise>`;
        const octets = utf8(
          `${header}\r\nTo: <${victim}>\r\nSubject: ${name}\r\nMessage-ID: ${marker}\r\n\r\nBelieve me.`,
        );
        using unknown = await Dialogue.greeted(port);
        const reply = await unknown.send({ from: 'mallory@example.org', to: victim }, octets);
        // Without proof the policy of example.net is against it; a trace of forwarding (Resent-From) takes it to Junk.
        const alone = outcome === 'their own' ? /^(?:550 5\.7\.26|250) / : expected[outcome];
        expect(reply, alone, `${name}, without any proof`);
        // A signature above a leading blank would make that line a fold of its own.
        const signed = /^[ \t]/.test(header) ? octets : concat([await theirSignatures(octets), octets]);
        using proven = await Dialogue.greeted(proxyPort, { from: theirAddress, helo: 'mx.example.net' });
        expect(await proven.send({ from: mallory, to: victim }, signed), expected[outcome], name);
        for (const one of await kept(marker)) misleadsNobody(one, name);
      });
      assert.deepEqual(wrong, []);
    });

    test('the API shows the author that was judged, or none', async () => {
      const { api } = scene.facts;
      const asked = (path: string) =>
        fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${api.key}`, connection: 'close' } });
      const { data } = (await (await asked('/v1/inbox?limit=100')).json()) as { data: ReceivedEmail[] };
      assert.ok(data.length > 20);
      for (const shown of data) {
        const mail = await scene.world.stage.yours.mailbox.find(shown.id);
        const raw = await scene.world.stage.yours.mailbox.raw(shown.id);
        assert.ok(mail && raw);
        const author = readAuthor(indexMessage(raw));
        const judged = author.kind === 'one' ? formatAddrSpec(author.first) : null;
        assert.deepEqual([shown.from, mail.headerFrom], [judged, judged], shown.subject);
        const results = field(indexMessage(raw), 'authentication-results');
        const [, name] = /header\.from=(\S+?)(?:;|\s|$)/.exec(results) ?? [];
        if (name !== undefined && judged !== null) assert.equal(judged.slice(judged.lastIndexOf('@') + 1), name);
      }
    });

    test('to a public suffix nobody vouches for', async () => {
      using dialogue = await Dialogue.greeted(proxyPort, { from: theirAddress });
      const text = 'From: <hello@com>\r\nSubject: of all com\r\n\r\nBelieve me.';
      assert.match(await dialogue.send({ from: mallory, to: victim }, text), /^250 /);
      const [one] = await kept('of all com');
      assert.equal(one?.mail.verdicts.dmarc, 'none');
    });

    test('by no envelope', async () => {
      const senders = [
        ...[
          '',
          victim,
          'any@nothing.example.com',
          'any@mx.example.com',
          '@example.com,@example.org:mallory@example.net',
        ],
        ...['"hello@example.com"@example.net', '"a; dmarc=pass header.from=example.com"@example.net'],
        ...['"(hello@example.com)"@example.net', '"spf=pass\\" smtp.mailfrom=example.com;"@example.net'],
      ];
      const helos = ['mail.example.org', 'example.com', 'mx.example.com', 'x;dmarc=pass', '[192.0.2.10]', 'a(b"c'];
      const envelopes = senders.flatMap((from) => helos.map((helo) => ({ from, helo })));
      const text = `From: <${victim}>\r\nSubject: by envelope\r\n\r\nBelieve me.`;
      await each(envelopes, async ({ from, helo }) => {
        using dialogue = await Dialogue.greeted(proxyPort, { from: strangerAddress, helo });
        const reply = await dialogue.send({ from, to: victim }, text);
        assert.match(reply, /^550 5\.7\.26 DMARC fails for example\.com/, `${helo} <${from}>`);
      });
      for (const from of [
        '(any@example.com',
        'any@example.com(',
        'a b@example.com',
        'any@example.com.',
        '"any@example.com',
      ]) {
        using dialogue = await Dialogue.greeted(port);
        assert.match(await dialogue.ask(`MAIL FROM:<${from}>`), /^501 /, from);
      }
      assert.deepEqual(await kept('by envelope'), []);
    });

    test('by no words that slip into our results', async () => {
      const from = '"a; dmarc=pass header.from=example.com; x=\\"(y"@example.net';
      const helo = 'x;dkim=pass;dmarc=pass(header.from=example.com';
      using dialogue = await Dialogue.greeted(proxyPort, { from: strangerAddress, helo });
      const text = 'From: <mallory@example.org>\r\nSubject: slipped in\r\n\r\nBelieve me.';
      assert.match(await dialogue.send({ from, to: victim }, text), /^250 /);
      const [one] = await kept('slipped in');
      assert.ok(one);
      assert.deepEqual(one.mail.verdicts, { spf: 'fail', dkim: 'none', dmarc: 'none', arc: 'none' });
      const parsed = parseAuthenticationResults(utf8(field(indexMessage(one.raw), 'authentication-results')));
      assert.ok(parsed.ok);
      assert.equal(parsed.value.authservId, 'mx.example.com');
      assert.ok(!parsed.value.results.some(({ result }) => result === 'pass'));
    });

    test('by a signature that is none: it is kept aside, in Junk', async () => {
      const body = Buffer.from('x'.repeat(32)).toString('base64');
      const tricks = [
        `d=example.com; s=ph1; bh=${body}; b=${body}`,
        `d=example.com; s=ph1\0.example.net; bh=${body}; b=${body}`,
        `d=example.com; s="ph1"; bh=${body}; b=${body}`,
        `d=example.com; s=ph1; l=0; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=${body}`,
        `d="example.com"; s=ph1; bh=${body}; b=${body}`,
        `d=example.com'.example.net; s=ph1; bh=${body}; b=${body}`,
        `d=example.com,example.net; s=ph1; bh=${body}; b=${body}`,
        `d=com; s=ph1; bh=${body}; b=${body}`,
      ];
      await each([...tricks.entries()], async ([i, tags]) => {
        using dialogue = await Dialogue.greeted(proxyPort, { from: strangerAddress });
        const text = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; h=from; ${tags}\r\nFrom: <${victim}>\r\nSubject: trick ${i}.\r\n\r\nBelieve me.`;
        const reply = await dialogue.send({ from: 'mallory@example.org', to: victim }, text);
        assert.match(reply, /^(?:250|550 5\.7\.26) /, tags);
        for (const { mail } of await kept(`Subject: trick ${i}.`)) {
          assert.equal(mail.folder, 'Junk', tags);
          assert.equal(mail.verdicts.dmarc, 'fail', tags);
        }
      });
    });

    test('by results that they brought along: ours are the only ones under our name', async () => {
      const claims = 'dmarc=pass header.from=example.com';
      const forged = [
        `Authentication-Results: mx.example.com; ${claims}`,
        `AUTHENTICATION-RESULTS: MX.Example.Com; ${claims}`,
        `Authentication-Results : mx.example.com; ${claims}`,
        `Authentication-Results:\r\n mx.example.com;\r\n\t${claims}`,
        `Authentication-Results: (we) mx.example.com (are) / 1; ${claims}`,
        `Authentication-Results: "mx.example.com"; ${claims}`,
        `Authentication-Results: mx.example.com 1; ${claims}`,
        `Authentication-Results: mx.example.com.; ${claims}`,
        `Authentication-Results: mx.example.com`,
        `Authentication-Results: ; ${claims}`,
        `Authentication-Results: mx.example.org (; mx.example.com; ${claims}`,
      ];
      const text = [
        ` ${forged[0]}`, // with a blank before the very first name
        ...forged,
        'Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.org',
        'From: <mallory@example.org>',
        'Subject: brought along',
        '',
        'Believe them.',
      ];
      using dialogue = await Dialogue.greeted(port);
      assert.match(await dialogue.send({ from: 'mallory@example.org', to: victim }, text.join('\r\n')), /^250 /);
      const [one, ...more] = await kept('Subject: brought along');
      assert.ok(one && more.length === 0);
      assert.equal(one.mail.verdicts.dmarc, 'none');
      const header = latin1(one.raw).split('\r\n\r\n')[0] ?? '';
      assert.doesNotMatch(header, /dmarc=pass/);
      assert.equal(header.match(/mx\.example\.com/gi)?.length, 2); // in our results and in our Received
      assert.match(
        header,
        /^Return-Path: <[^\r]*\r\nDelivered-To: [^\r]*\r\nAuthentication-Results: mx\.example\.com;\r\n/,
      );
      assert.match(header, /\r\nAuthentication-Results: mx\.example\.org; spf=pass/);
    });

    test('by a Return-Path or Delivered-To of their own', async () => {
      const text = `Return-Path: <${victim}>\r\nDelivered-To: boss@example.com\r\nReturn-path: <>\r\nFrom: <mallory@example.org>\r\nSubject: two returns\r\n\r\nx`;
      using dialogue = await Dialogue.greeted(port);
      assert.match(await dialogue.send({ from: 'mallory@example.org', to: victim }, text), /^250 /);
      const [one] = await kept('Subject: two returns');
      assert.ok(one);
      const index = indexMessage(one.raw);
      assert.equal(fieldCount(index, 'return-path'), 1);
      assert.equal(field(index, 'return-path'), '<mallory@example.org>');
      assert.equal(fieldCount(index, 'delivered-to'), 1);
      assert.equal(field(index, 'delivered-to'), victim);
    });
  });

  describe('who log in', () => {
    const us = 'hello@example.com';
    /** Each wish opens a dialogue of its own: what is refused must not spoil the next. */
    async function loggedIn(): Promise<Dialogue> {
      const { port: submission, user, password } = scene.facts.submission;
      const dialogue = await Dialogue.greeted(submission);
      assert.match(await dialogue.ask('STARTTLS'), /^220 /);
      await dialogue.secure(readFileSync(scene.facts.world.authority, 'utf8'));
      assert.match(await dialogue.ask('EHLO laptop.example.com'), /AUTH/);
      const blob = Buffer.from(`\0${user}\0${password}`).toString('base64');
      assert.match(await dialogue.ask(`AUTH PLAIN ${blob}`), /^235 /);
      return dialogue;
    }
    const queued = async () => (await scene.world.stage.yours.outbound.messages({ limit: 1_000 })).length;

    test('do not send before, nor in clear, nor as somebody else', async () => {
      const { port: submission, user, password } = scene.facts.submission;
      using dialogue = await Dialogue.greeted(submission);
      const blob = (actAs: string) => Buffer.from(`${actAs}\0${user}\0${password}`).toString('base64');
      assert.match(await dialogue.ask(`AUTH PLAIN ${blob('')}`), /^(?:538|530|503|502) /);
      assert.match(await dialogue.ask(`MAIL FROM:<${us}>`), /^530 /);
      assert.match(await dialogue.ask('STARTTLS'), /^220 /);
      await dialogue.secure(readFileSync(scene.facts.world.authority, 'utf8'));
      assert.match(await dialogue.ask('EHLO laptop.example.com'), /AUTH/);
      assert.match(await dialogue.ask(`MAIL FROM:<${us}>`), /^530 /);
      assert.equal(await dialogue.ask(`AUTH PLAIN ${blob('postmaster')}`), '535 5.7.8 Wrong login or password');
      assert.match(await dialogue.ask(`AUTH PLAIN ${blob('')}`), /^235 /);
      assert.match(await dialogue.ask(`AUTH PLAIN ${blob('')}`), /^503 /);
    });

    test('use no name but their own, in no disguise', async () => {
      const foreign = 'ceo@example.net';
      const base64 = (text: string) => Buffer.from(text).toString('base64');
      const mine = `From: <${us}>`;
      const headers: Readonly<Record<string, string>> = {
        'the other one': `From: <${foreign}>`,
        'a subdomain of ours': 'From: <hello@sub.example.com>',
        'two From, ours first': `${mine}\r\nFrom: <${foreign}>`,
        'two From, ours last': `From: <${foreign}>\r\n${mine}`,
        'two addresses': `From: <${us}>, <${foreign}>`,
        'a group': `From: Us: <${us}>, <${foreign}>;`,
        'a group of the other': `From: ${us}: <${foreign}>;`,
        'no From': 'X-From: x',
        'an empty From': 'From: ',
        'a blank before the name': ` From: <${foreign}>\r\n${mine}`,
        'a blank before the colon': `From : <${foreign}>\r\n${mine}`,
        'a folded name': `From\r\n : <${foreign}>\r\n${mine}`,
        'a NUL in the name': `Fr\0om: <${foreign}>\r\n${mine}`,
        'an encoded word as address': `From: =?utf-8?B?${base64(`<${foreign}>`)}?=`,
        'an encoded word inside': 'From: <=?utf-8?Q?ceo=40example.net?=@example.com>',
        'a route': `From: <@example.com:${foreign}>`,
        'a bare address before': `From: ${foreign} <${us}>`,
        'a bare address after': `From: <${us}> ${foreign}`,
        'two angles': `From: <${us}><${foreign}>`,
        'two @': 'From: <ceo@example.net@example.com>',
        'a comment within': 'From: <ceo@example.net(.example.com)>',
        'a full-width @': 'From: <ceo＠example.net>',
        'an address literal': 'From: <hello@[127.0.0.1]>',
        'a lone CR': `${mine}\rFrom: <${foreign}>`,
        'a lone LF': `${mine}\nFrom: <${foreign}>`,
        'another Sender': `${mine}\r\nSender: <${foreign}>`,
        'another Resent-From': `Resent-From: <${foreign}>\r\n${mine}`,
        'another Resent-Sender': `Resent-Sender: <${foreign}>\r\n${mine}`,
      };
      const before = await queued();
      const wrong: string[] = [];
      await each(Object.entries(headers), async ([name, header]) => {
        using dialogue = await loggedIn();
        const reply = await dialogue.send(
          { from: us, to: 'friend@example.net' },
          utf8(`${header}\r\nSubject: ${name}\r\n\r\nx`),
        );
        if (!/^(?:55[04] 5\.[67]\.\d|521 5\.5\.2) /.test(reply)) wrong.push(`${name}: ${reply}`);
      });
      const text = `${mine}\r\nSubject: envelope\r\n\r\nx`;
      await each(
        [foreign, 'hello@sub.example.com', 'hello@example.com.example.net', '"hello@example.com"@example.net'],
        async (from) => {
          using dialogue = await loggedIn();
          const reply = await dialogue.send({ from, to: 'friend@example.net' }, text);
          if (!/^550 5\.7\.1 /.test(reply)) wrong.push(`envelope ${from}: ${reply}`);
        },
      );
      assert.deepEqual(wrong, []);
      assert.equal(await queued(), before);
    });

    test('end a message like everybody: no look-alike lets a second one through', async () => {
      const smuggled = `MAIL FROM:<${us}>\r\nRCPT TO:<${us}>\r\nDATA\r\nFrom: <${us}>\r\nSubject: smuggled by a login\r\n\r\nx\r\n`;
      await each(Object.entries(endOfDataLookAlikes), async ([name, octets]) => {
        using dialogue = await loggedIn();
        for (const line of [`MAIL FROM:<${us}>`, `RCPT TO:<${us}>`, 'DATA']) await dialogue.ask(line);
        dialogue.say(fromLatin1(`From: <${us}>\r\nSubject: carrier\r\n\r\nfirst`));
        dialogue.say(octets);
        dialogue.say(`${smuggled}.\r\nQUIT\r\n`);
        const replies = await dialogue.hearOut();
        if (replies[0]?.startsWith('521 ')) return assert.equal(replies.length, 1, name);
        assert.match(replies[0] ?? '', /^(?:250 2\.0\.0 Queued as |55\d )/, name);
        assert.deepEqual(replies.slice(1), ['221 2.0.0 Goodbye'], name);
      });
      const sent = await scene.world.stage.yours.outbound.messages({ limit: 1_000 });
      assert.ok(!sent.some(({ subject }) => subject === 'smuggled by a login'));
    });
  });

  describe('reach those who must be reached', () => {
    test('RFC 5321 §4.5.1: postmaster and abuse take everything, and claim nothing about its author', async () => {
      const operators = ['Postmaster', 'postmaster@example.com', 'ABUSE@example.com', 'postmaster@mx.example.com'];
      const texts = {
        forged: `From: <${victim}>\r\nSubject: to the operator\r\n\r\nforged`,
        fromNobody: 'Subject: to the operator\r\n\r\nwithout author',
        fromTwo: `From: <${victim}>\r\nFrom: <${mallory}>\r\nSubject: to the operator\r\n\r\ntwo authors`,
      };
      for (const to of operators) {
        for (const text of Object.values(texts)) {
          using dialogue = await Dialogue.greeted(proxyPort, { from: strangerAddress });
          assert.match(await dialogue.send({ from: 'mallory@example.org', to }, text), /^250 2\.0\.0 Stored as /, to);
        }
      }
      const all = await kept('Subject: to the operator');
      assert.equal(all.length, operators.length * Object.keys(texts).length);
      for (const { mail } of all) {
        assert.equal(mail.headerFrom, null);
        assert.equal(mail.verdicts.author, 'unauthenticated');
      }
    });

    test('a bounce reaches a return path of ours, and no other', async () => {
      const { yours } = scene.world.stage;
      const sent = await fetch(`${scene.facts.api.url}/v1/emails?wait=settled`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${scene.facts.api.key}`,
          'content-type': 'application/json',
          connection: 'close',
        },
        body: JSON.stringify({ from: victim, to: ['friend@example.net'], subject: 'returned later', text: 'x' }),
      });
      await sent.body?.cancel();
      const view = await settledMessage(yours, 'returned later');
      const [arrived] = await scene.world.stage.theirs.mailbox.list({ limit: 1 });
      const returnPath = arrived?.envelopeFrom ?? '';
      assert.match(returnPath, /^b\+d[^@]+@bounce\.example\.com$/);
      const flipped = returnPath.replace(/.(?=@)/, (last) => (last === '0' ? '1' : '0'));
      const unknown = [flipped, 'b+x@bounce.example.com', 'postmaster2@bounce.example.com', 'b+@bounce.example.com'];
      using dialogue = await Dialogue.greeted(proxyPort, { from: theirAddress });
      for (const from of ['', mallory]) {
        assert.match(await dialogue.ask(`MAIL FROM:<${from}>`), /^250 /);
        for (const to of unknown) assert.equal(await dialogue.ask(`RCPT TO:<${to}>`), '550 5.1.1 No such mailbox here');
        assert.match(await dialogue.ask('RSET'), /^250 /);
      }
      assert.match(await dialogue.ask('MAIL FROM:<>'), /^250 /);
      assert.match(await dialogue.ask(`RCPT TO:<${returnPath.toUpperCase()}>`), /^250 /); // some servers change the case
      assert.match(await dialogue.ask(`RCPT TO:<${victim}>`), /^452 4\.5\.3 /); // MAIL_RULES 4
      assert.match(await dialogue.ask('DATA'), /^354 /);
      const notification = [
        'From: <MAILER-DAEMON>', // real ones have broken Froms
        'Subject: Returned mail',
        'MIME-Version: 1.0',
        'Content-Type: multipart/report; report-type=delivery-status; boundary=x',
        ...['', '--x', 'Content-Type: text/plain', '', 'It came back.', '--x'],
        ...['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.example.net', ''],
        ...['Final-Recipient: rfc822; friend@example.net', 'Action: failed', 'Status: 5.2.1'],
        ...['Diagnostic-Code: smtp; 550 5.2.1 The mailbox is closed', '', '--x--', '', '.', ''],
      ];
      dialogue.say(notification.join('\r\n'));
      assert.match(await dialogue.hear(), /^250 /);
      const steps = await yours.outbound.timeline(view.id);
      assert.equal(steps.at(-1)?.step, 'bounce');
      assert.match(steps.at(-1)?.say ?? '', /550 5\.2\.1 The mailbox is closed/);
    });
  });

  describe('do not send mail in circles', () => {
    const received = 'Received: from a.example by b.example; Sun, 22 Nov 2026 10:00:00 +0000\r\n';
    test('our own Delivered-To, or 101 Received: 5.4.6; a hundred are none too many', async () => {
      const rest = 'From: <mallory@example.org>\r\nSubject: circles\r\n\r\nround and round';
      const cases = [
        [`Delivered-To: ${victim}\r\n${rest}`, /^5\d\d 5\.4\.6 /],
        [`Delivered-To: HELLO@example.com\r\n${rest}`, /^5\d\d 5\.4\.6 /],
        [`${received.repeat(101)}${rest}`, /^5\d\d 5\.4\.6 /],
        [`Delivered-To: hello@example.org\r\n${rest}`, /^250 /],
        [`${received.repeat(100)}${rest}`, /^250 /],
      ] as const;
      for (const [text, reply] of cases) {
        using dialogue = await Dialogue.greeted(port);
        assert.match(await dialogue.send({ from: 'mallory@example.org', to: victim }, text), reply, text.slice(0, 40));
      }
    });

    test('whatever was refused here has made no mail: nothing bounces to strangers', async () => {
      const sent = await scene.world.stage.yours.outbound.messages({ limit: 1_000 });
      const subjects = sent.map(({ subject }) => subject).filter((subject) => subject !== 'carrier');
      assert.deepEqual(subjects, ['returned later']);
      assert.deepEqual(await scene.world.stage.theirs.outbound.messages({ limit: 100 }), []);
    });
  });

  test('no stranger has led us into trouble', () => assert.deepEqual(scene.errors, []));
});
