/**
 * What people already have sends through the sandbox world as it is: swaks, Python's smtplib, Django, nodemailer, curl, msmtp, mutt.
 * Every message goes the whole way and is looked at on the other side. Programs that are not installed are skipped by name.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTransport, type Transporter } from 'nodemailer';
import { narrateNext } from '../../src/app/sandbox/narrate.ts';
import { plainStyle } from '../../src/entrances/cli/style.ts';
import { partFilename } from '../../src/format/message/part-tree.ts';
import { readDsn } from '../../src/protocol/dsn/read-dsn.ts';
import {
  arrivals,
  Dialogue,
  field,
  fieldCount,
  leaves,
  missing,
  onlyArrival,
  openScene,
  run,
  type Scene,
  settledMessage,
  textOf,
  until,
} from '../support/sandbox-scene.ts';

const friend = 'friend@example.net';
const words = 'Grüße aus dem Sandkasten: 你好, Привет!\n.ein Punkt am Anfang\n\n.\nund ein Ende.\n';

/** The system's own interpreter first: distributions put their packages there. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const launcher = fileURLToPath(new URL('../../posthorn', import.meta.url));
const noPython = missing(python, ['--version'], 'Python');
const noDjango = noPython || missing(python, ['-c', 'import django'], 'Django');
const noSwaks = missing('swaks', ['--version']);
const noCurl = missing('curl', ['--version']);
const noDig = missing('dig', ['-v']);
const noMsmtp = missing('msmtp', ['--version']);
const noMutt = missing('mutt', ['-v']);

describe('clients that exist', () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  /** The message under this subject: delivered, proven, whole, with one trace of each kind, and its story told. */
  async function holds(subject: string, text = words): Promise<void> {
    const { yours, theirs } = scene.world.stage;
    const sent = await settledMessage(yours, subject);
    assert.deepEqual(
      sent.recipients.map(({ address, state, say }) => ({ address, state, say: state === 'delivered' ? '' : say })),
      [{ address: friend, state: 'delivered', say: '' }],
    );
    const { mail, index } = await onlyArrival(theirs, subject);
    assert.equal(mail.folder, 'INBOX');
    assert.equal(mail.recipient, friend);
    assert.equal(mail.headerFrom, 'hello@example.com');
    assert.deepEqual(mail.verdicts, { spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'none' });
    assert.equal(textOf(index).trimEnd(), text.trimEnd());
    assert.equal(fieldCount(index, 'return-path'), 1);
    assert.equal(fieldCount(index, 'delivered-to'), 1);
    assert.match(field(index, 'return-path'), /^<b\+[^@]+@bounce\.example\.com>$/);
    assert.equal(field(index, 'delivered-to'), friend);
    for (const name of ['from', 'date', 'message-id', 'authentication-results']) {
      assert.equal(fieldCount(index, name), 1, name);
    }
    assert.equal(fieldCount(index, 'received'), 2);
    assert.equal(fieldCount(index, 'dkim-signature'), 2);
    assert.equal(fieldCount(index, 'bcc'), 0);
    const steps = (await yours.outbound.timeline(sent.id)).map(({ step }) => step);
    assert.deepEqual([...new Set(steps)], ['accepted', 'signed', 'route', 'connected', 'tls', 'reply', 'settled']);
  }

  /** What failed came back to its sender as a notification with the receiver's own words. */
  async function holdsNews(subject: string): Promise<void> {
    const { yours } = scene.world.stage;
    const sent = await settledMessage(yours, subject);
    assert.deepEqual(
      sent.recipients.map(({ state, reply }) => `${state} ${reply?.code} ${reply?.enhanced}`),
      ['bounced 550 5.1.1'],
    );
    const { mail, index } = await until('the notification', async () =>
      (await arrivals(yours, 'Undelivered mail')).find(({ raw }) => Buffer.from(raw).includes(sent.messageIdHeader)),
    );
    assert.equal(mail.recipient, 'hello@example.com');
    assert.equal(mail.envelopeFrom, '');
    assert.equal(field(index, 'auto-submitted'), 'auto-replied');
    assert.match(
      textOf(index),
      /nobody@example\.net: failed\n.*mx\.example\.net said: 550 5\.1\.1 No such mailbox here/,
    );
    const status = leaves(index).find(({ part }) => part.contentType.value === 'message/delivery-status');
    assert.match(
      String(status && Buffer.from(status.content)),
      /Diagnostic-Code: smtp; 550 5\.1\.1 No such mailbox here/,
    );
  }

  describe('swaks', { skip: noSwaks }, () => {
    const swaks = (args: readonly string[]) => {
      const { host, port } = scene.facts.submission;
      return run('swaks', ['--server', `${host}:${port}`, '--to', friend, '--from', 'hello@example.com', ...args]);
    };
    const tls = () => ['-tls', '--tls-verify', '--tls-ca-path', scene.facts.world.authority];
    const login = (password = scene.facts.submission.password) => {
      return ['--auth', 'PLAIN', '--auth-user', scene.facts.submission.user, '--auth-password', password];
    };

    test('sends with STARTTLS, the certificate checked; Bcc stays at home', async () => {
      const subject = 'swaks: Grüße';
      const sent = await swaks([
        ...[
          ...tls(),
          ...login(),
          '--header',
          `Subject: =?utf-8?Q?${subject.replaceAll(' ', '_').replace('üß', '=C3=BC=C3=9F')}?=`,
        ],
        ...['--add-header', 'MIME-Version: 1.0', '--add-header', 'Content-Type: text/plain; charset=utf-8'],
        ...['--add-header', 'Bcc: hidden@example.net', '--body', words],
      ]);
      assert.equal(sent.code, 0, sent.out);
      assert.match(sent.out, /250 2\.0\.0 Queued as em_/);
      await holds(subject);
    });

    test('sends a header in plain UTF-8, which is kept', async () => {
      const subject = 'swaks: ungefaltete Grüße';
      const sent = await swaks([...tls(), ...login(), '--header', `Subject: ${subject}`, '--body', 'plain words']);
      assert.equal(sent.code, 0, sent.out);
      await holds(subject, 'plain words');
    });

    test('sends with TLS from the first octet and AUTH LOGIN', async () => {
      const { host, tls_port, user, password } = scene.facts.submission;
      const sent = await run('swaks', [
        ...['--server', `${host}:${tls_port}`, '--tls-on-connect', ...tls().slice(1)],
        ...['--auth', 'LOGIN', '--auth-user', user, '--auth-password', password],
        ...[
          '--to',
          friend,
          '--from',
          'hello@example.com',
          '--header',
          'Subject: swaks at 465',
          '--body',
          'plain words',
        ],
      ]);
      assert.equal(sent.code, 0, sent.out);
      await holds('swaks at 465', 'plain words');
    });

    test('is told at once that without TLS there is no login', async () => {
      const sent = await swaks([...login(), '--header', 'Subject: in clear']);
      assert.notEqual(sent.code, 0);
      assert.doesNotMatch(sent.out, /^<-\s+250[- ]AUTH/m);
      assert.doesNotMatch(sent.out, /-> AUTH/);
    });

    test('without a login may send nothing', async () => {
      const sent = await swaks([...tls(), '--header', 'Subject: nobody in particular']);
      assert.match(sent.out, /530 5\.7\.0 Log in first/);
    });

    test('an unknown recipient comes back as a notification', async () => {
      const sent = await swaks([
        ...tls(),
        ...login(),
        '--to',
        'nobody@example.net',
        '--header',
        'Subject: swaks to nobody',
      ]);
      assert.equal(sent.code, 0, sent.out);
      await holdsNews('swaks to nobody');
    });

    test('a wrong password is 535', async () => {
      const sent = await swaks([...tls(), ...login('wrong')]);
      assert.notEqual(sent.code, 0);
      assert.match(sent.out, /535 5\.7\.8 Wrong login or password/);
    });
  });

  describe('Python', { skip: noPython }, () => {
    /** Runs a script that finds in `at` where and who. */
    async function script(lines: readonly string[]): Promise<string> {
      const file = join(scene.folder, 'client.py');
      const at = { ...scene.facts.submission, authority: scene.facts.world.authority, friend, words };
      writeFileSync(file, ['import json, sys', 'at = json.loads(sys.stdin.read())', ...lines, ''].join('\n'));
      const ran = await run(python, [file], { input: JSON.stringify(at) });
      assert.equal(ran.code, 0, ran.err);
      return ran.out.trim();
    }
    const letter = (subject: string, to = "at['friend']") => [
      'import smtplib, ssl',
      'from email.message import EmailMessage',
      'letter = EmailMessage()',
      `letter["From"], letter["To"], letter["Subject"] = "Hallo Wält <hello@example.com>", ${to}, "${subject}"`,
      'letter.set_content(at["words"])',
      'trust = ssl.create_default_context(cafile=at["authority"])',
    ];
    const logIn = [
      'smtp = smtplib.SMTP(at["host"], at["port"], local_hostname="app.example.com")',
      'smtp.starttls(context=trust)',
      'smtp.login(at["user"], at["password"])',
    ];

    test('smtplib sends with STARTTLS', async () => {
      await script([...letter('smtplib: Grüße'), ...logIn, 'smtp.send_message(letter)', 'smtp.quit()']);
      await holds('smtplib: Grüße');
    });

    test('smtplib sends with TLS from the first octet', async () => {
      await script([
        ...letter('smtplib at 465'),
        'smtp = smtplib.SMTP_SSL(at["host"], at["tls_port"], local_hostname="app.example.com", context=trust)',
        'smtp.login(at["user"], at["password"])',
        'smtp.send_message(letter)',
        'smtp.quit()',
      ]);
      await holds('smtplib at 465');
    });

    test('smtplib is refused every From but its own, and hears why', async () => {
      const refusals = await script([
        ...letter('not mine'),
        ...logIn,
        'from email.policy import SMTP',
        'def attempt(sender, author):',
        '  del letter["From"]',
        '  letter["From"] = author',
        '  try:',
        '    smtp.sendmail(sender, [at["friend"]], letter.as_bytes(policy=SMTP))',
        '    print("accepted")',
        '  except smtplib.SMTPResponseException as no: print(no.smtp_code, no.smtp_error.decode())',
        'attempt("hello@example.com", "friend@example.net")',
        'attempt("friend@example.net", "hello@example.com")',
        'attempt("hello@example.com", "a@example.com, friend@example.net")',
        'letter._headers.append(("From", "hello@example.com"))',
        'try:',
        '  smtp.sendmail("hello@example.com", [at["friend"]], letter.as_bytes(policy=SMTP))',
        '  print("accepted")',
        'except smtplib.SMTPResponseException as no: print(no.smtp_code, no.smtp_error.decode())',
        'smtp.quit()',
      ]);
      const said = refusals.split('\n');
      assert.equal(said.length, 4, refusals);
      for (const reply of said) assert.match(reply, /^550 5\.7\.1 /);
      assert.match(said[0] ?? '', /may send only as example\.com, not as example\.net/);
      assert.match(said[1] ?? '', /The envelope sender is at example\.net/);
      assert.match(said[2] ?? '', /names authors of different domains/);
      assert.match(said[3] ?? '', /more than one From field/);
      assert.deepEqual(await arrivals(scene.world.stage.theirs, 'not mine'), []);
    });

    test('MAIL_RULES 13: octets with lone LFs, which smtplib sends as they are, are refused with the reason', async () => {
      const said = await script([
        ...letter('never repaired'),
        ...logIn,
        'try:',
        '  smtp.sendmail("hello@example.com", [at["friend"]], letter.as_bytes())',
        'except smtplib.SMTPResponseException as no: print(no.smtp_code, no.smtp_error.decode())',
      ]);
      assert.equal(said, '521 5.5.2 Lines end with CR LF; a CR or LF alone is not accepted');
    });

    test('smtplib hears 535 for a wrong password', async () => {
      const said = await script([
        ...letter('never sent'),
        'at["password"] = "ph_app_wrong"',
        'try:',
        ...logIn.map((line) => `  ${line}`),
        'except smtplib.SMTPAuthenticationError as no: print(no.smtp_code, no.smtp_error.decode())',
      ]);
      assert.equal(said, '535 5.7.8 Wrong login or password');
    });

    test("Django's EmailMessage sends", { skip: noDjango }, async () => {
      await script([
        'from django.conf import settings',
        'settings.configure(EMAIL_HOST=at["host"], EMAIL_PORT=at["port"], EMAIL_USE_TLS=True,',
        '  EMAIL_HOST_USER=at["user"], EMAIL_HOST_PASSWORD=at["password"])',
        'from django.core.mail import EmailMessage',
        'letter = EmailMessage("Django: Grüße", at["words"], "Hello <hello@example.com>", [at["friend"]])',
        'print(letter.send())',
      ]);
      await holds('Django: Grüße');
    });
  });

  describe('nodemailer', () => {
    let starttls: Transporter;
    let implicit: Transporter;
    const options = (port: number, password: string) => {
      const { host, user } = scene.facts.submission;
      return { host, port, auth: { user, pass: password }, tls: { ca: readFileSync(scene.facts.world.authority) } };
    };
    before(() => {
      const { port, tls_port, password } = scene.facts.submission;
      starttls = createTransport({ ...options(port, password), requireTLS: true });
      implicit = createTransport({ ...options(tls_port, password), secure: true });
    });
    after(() => {
      starttls.close();
      implicit.close();
    });

    test('sends with STARTTLS: text, HTML, an attachment of all octets, a hidden recipient', async () => {
      const subject =
        'nodemailer: Grüße 🎉 und ein Betreff, der so lang ist, dass er über mehrere Zeilen gefaltet werden muss';
      const octets = Uint8Array.from({ length: 1_024 }, (_, i) => i & 0xff);
      const letter = {
        from: { name: 'Hallo, Wält', address: 'hello@example.com' },
        to: friend,
        bcc: 'postmaster@example.net',
        subject,
        text: words,
        html: `<p>${words}</p>`,
        attachments: [{ filename: 'Rechnung März.bin', content: Buffer.from(octets) }],
      };
      const sent = await starttls.sendMail(letter);
      assert.match(String(sent.response), /^250 2\.0\.0 Queued as em_/);
      const { yours, theirs } = scene.world.stage;
      const view = await settledMessage(yours, subject);
      assert.deepEqual(
        view.recipients.map(({ address, state }) => `${address} ${state}`),
        [`${friend} delivered`, 'postmaster@example.net delivered'],
      );
      const copies = await arrivals(theirs, subject);
      assert.deepEqual(copies.map(({ mail }) => mail.recipient).sort(), [friend, 'postmaster@example.net']);
      for (const { mail, raw, index } of copies) {
        assert.deepEqual(mail.verdicts, { spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'none' });
        assert.equal(fieldCount(index, 'bcc'), 0);
        assert.equal(field(index, 'delivered-to'), mail.recipient);
        const own = Buffer.from(raw)
          .toString('latin1')
          .replaceAll(/^Delivered-To: .*$/gm, '');
        assert.ok(mail.recipient === friend ? !own.includes('postmaster@example.net') : own.includes(friend));
        const [text, html, file] = leaves(index);
        assert.ok(text && html && file);
        assert.equal(String(Buffer.from(text.content)).replaceAll('\r\n', '\n'), words);
        assert.equal(html.part.contentType.value, 'text/html');
        assert.equal(partFilename(file.part), 'Rechnung März.bin');
        assert.deepEqual(Buffer.from(file.content), Buffer.from(octets));
      }
    });

    test('sends with TLS from the first octet', async () => {
      await implicit.sendMail({ from: 'hello@example.com', to: friend, subject: 'nodemailer at 465', text: words });
      await holds('nodemailer at 465');
    });

    test('several messages on one connection', async () => {
      const { port, password } = scene.facts.submission;
      const pool = createTransport({ ...options(port, password), requireTLS: true, pool: true, maxConnections: 1 });
      const subjects = ['one of three', 'two of three', 'three of three'];
      for (const subject of subjects)
        await pool.sendMail({ from: 'hello@example.com', to: friend, subject, text: words });
      pool.close();
      for (const subject of subjects) await holds(subject);
    });

    test('an unknown recipient comes back as a notification', async () => {
      const subject = 'nodemailer to nobody';
      await starttls.sendMail({ from: 'hello@example.com', to: 'nobody@example.net', subject, text: words });
      await holdsNews(subject);
    });

    test('RFC 3461: who asks for it hears of success and failure, with his own names for them', async () => {
      const { yours } = scene.world.stage;
      const subject = 'nodemailer asks for news';
      await starttls.sendMail({
        ...{ from: 'hello@example.com', to: [friend, 'nobody@example.net'], subject, text: words },
        dsn: {
          id: 'Rechnung 7+1',
          return: 'full',
          notify: ['success', 'failure', 'delay'],
          recipient: 'all@example.org',
        },
      });
      const sent = await settledMessage(yours, subject);
      const about = async (title: string) =>
        (await arrivals(yours, title)).find(({ raw }) => Buffer.from(raw).includes(sent.messageIdHeader));
      // one transaction, two ends: one notification, about the failure first of all
      const { mail, raw, index } = await until('the notification', () => about('Undelivered mail'));
      assert.equal(await about('Relayed mail'), undefined);
      assert.equal(mail.recipient, 'hello@example.com');
      const told = readDsn(raw);
      assert.equal(told?.envelopeId, 'Rechnung 7+1');
      assert.deepEqual(
        told?.recipients.map((one) => `${one.finalRecipient} ${one.action} ${one.originalRecipient}`),
        [`${friend} relayed all@example.org`, 'nobody@example.net failed all@example.org'],
      );
      assert.match(String(Buffer.from(raw)), /^Content-Type: message\/rfc822\r$/m);
      assert.equal(field(index, 'auto-submitted'), 'auto-replied');
    });

    test('RFC 3461: the MX owes strangers no news, and does not offer any', async () => {
      using stranger = await Dialogue.open(scene.facts.mx.port);
      await stranger.hear();
      assert.doesNotMatch(await stranger.ask('EHLO mail.example.org'), /DSN/);
      assert.match(await stranger.ask('MAIL FROM:<a@example.org> RET=HDRS'), /^555 5\.5\.4/);
    });

    test('a wrong password is 535', async () => {
      const wrong = createTransport({ ...options(scene.facts.submission.port, 'wrong'), requireTLS: true });
      await assert.rejects(wrong.verify(), { code: 'EAUTH', responseCode: 535 });
      wrong.close();
    });
  });

  describe('curl', { skip: noCurl }, () => {
    const post = (body: object, query = '') => {
      const { url, key } = scene.facts.api;
      return run('curl', [
        ...['--silent', '--show-error', '--write-out', '\n%{http_code}', `${url}/v1/emails${query}`],
        ...['--header', `Authorization: Bearer ${key}`, '--header', 'Content-Type: application/json'],
        ...['--data-binary', JSON.stringify(body)],
      ]);
    };
    const letter = (subject: string, to = friend) => ({ from: 'hello@example.com', to: [to], subject, text: words });
    const answerOf = (out: string) => {
      const at = out.lastIndexOf('\n');
      return { status: Number(out.slice(at + 1)), body: JSON.parse(out.slice(0, at)) };
    };

    test('POST /v1/emails is 202, and the message is on its way', async () => {
      const { status, body } = answerOf((await post(letter('curl: Grüße'))).out);
      assert.equal(status, 202);
      assert.match(body.id, /^em_/);
      await holds('curl: Grüße');
    });

    test('with wait=settled the answer tells the end', async () => {
      const { body } = answerOf((await post(letter('curl waits'), '?wait=settled&timeout=20s')).out);
      assert.equal(body.settled, true);
      assert.equal(body.recipients[0].state, 'delivered');
      assert.equal(body.recipients[0].reply.code, 250);
      await holds('curl waits');
    });

    test("a failure comes back with the receiver's own words, and nothing in the sender's mailbox", async () => {
      const subject = 'curl to nobody';
      const { body } = answerOf((await post(letter(subject, 'nobody@example.net'), '?wait=settled&timeout=20s')).out);
      const [recipient] = body.recipients;
      assert.equal(recipient.state, 'bounced');
      assert.deepEqual(recipient.reply, { code: 550, enhanced: '5.1.1', text: 'No such mailbox here', stage: 'rcpt' });
      assert.equal(recipient.host, 'mx.example.net');
      const news = await arrivals(scene.world.stage.yours, 'Undelivered mail'); // MAIL_RULES 3
      assert.ok(news.every(({ raw }) => !Buffer.from(raw).includes(body.message_id)));
    });

    for (const [name, scheme, flag] of [
      ['STARTTLS', 'smtp', '--ssl-reqd'],
      ['TLS from the first octet', 'smtps', '--ssl-reqd'],
    ] as const) {
      test(`uploads by SMTP with ${name}`, async () => {
        const { host, port, tls_port, user, password } = scene.facts.submission;
        const subject = `curl by ${scheme}`;
        const message = `From: <hello@example.com>\r\nTo: <${friend}>\r\nSubject: ${subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${words.replaceAll('\n', '\r\n')}`;
        const sent = await run(
          'curl',
          [
            ...[
              '--silent',
              '--show-error',
              '--url',
              `${scheme}://${host}:${scheme === 'smtp' ? port : tls_port}/app.example.com`,
            ],
            ...[flag, '--cacert', scene.facts.world.authority, '--user', `${user}:${password}`],
            ...['--mail-from', 'hello@example.com', '--mail-rcpt', friend, '--upload-file', '-'],
          ],
          { input: message },
        );
        assert.equal(sent.code, 0, sent.err);
        await holds(subject);
      });
    }
  });

  test('msmtp sends', { skip: noMsmtp }, async () => {
    const { host, port, user, password, from } = scene.facts.submission;
    const message = `From: ${from}\nTo: ${friend}\nSubject: msmtp\nContent-Type: text/plain; charset=utf-8\n\n${words}`;
    const sent = await run(
      'msmtp',
      [
        ...['--file=/dev/null', `--host=${host}`, `--port=${port}`, '--tls=on', '--tls-starttls=on'],
        ...[`--tls-trust-file=${scene.facts.world.authority}`, '--auth=plain', `--user=${user}`],
        ...[`--passwordeval=echo ${password}`, `--from=${from}`, friend],
      ],
      { input: message },
    );
    assert.equal(sent.code, 0, sent.err);
    await holds('msmtp');
  });

  test('mutt sends', { skip: noMutt }, async () => {
    const { host, port, user, password, from } = scene.facts.submission;
    const file = join(scene.folder, 'muttrc');
    const settings = {
      from,
      smtp_url: `smtp://${user}@${host}:${port}/`,
      smtp_pass: password,
      ssl_starttls: 'yes',
      ssl_force_tls: 'yes',
      certificate_file: scene.facts.world.authority,
      copy: 'no',
      charset: 'utf-8',
    };
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([name, value]) => `set ${name}="${value}"\n`)
        .join(''),
    );
    chmodSync(file, 0o600);
    const sent = await run('mutt', ['-n', '-F', file, '-s', 'mutt', '--', friend], { input: words });
    assert.equal(sent.code, 0, sent.err);
    await holds('mutt');
  });

  describe('what the sandbox tells to try next works as it is printed', () => {
    /** Commands of the story, their continued lines joined, by the program they begin with. */
    const printed = (program: string) =>
      narrateNext(scene.facts, { style: plainStyle, columns: 80, command: launcher }, scene.folder)
        .split(/\n(?! {3})/)
        .map((command) => command.trim())
        .filter((command) => command.startsWith(`${program} `));
    const shell = (command: string | undefined) => {
      assert.ok(command);
      return run('sh', ['-c', command]);
    };

    test('curl', { skip: noCurl }, async () => {
      const [send, read] = printed('curl');
      const sent = await shell(send);
      assert.equal(JSON.parse(sent.out).recipients[0].state, 'delivered', sent.err);
      const inbox = await shell(read);
      assert.ok(
        JSON.parse(inbox.out).data.some(({ subject }: { subject: string }) => subject === 'Hi'),
        inbox.err,
      );
    });

    test('swaks', { skip: noSwaks }, async () => {
      const [send, knock] = printed('swaks');
      assert.match((await shell(send)).out, /250 2\.0\.0 Queued as em_/);
      assert.match((await shell(knock)).out, /250 2\.0\.0 Stored as inb_/);
    });

    test('dig', { skip: noDig }, async () => {
      const [mx, dmarc] = printed('dig');
      assert.match((await shell(mx)).out, /MX\s+10 mx\.example\.com\./);
      assert.match((await shell(dmarc)).out, /"v=DMARC1; p=reject;/);
    });

    test('our own command line', async () => {
      const [queue, message, events, inbox] = printed(launcher);
      assert.match(queue ?? '', /^\S+ queue /);
      assert.match(events ?? '', /^\S+ events --follow /);
      const [latest] = await scene.world.stage.yours.outbound.messages({ limit: 1 });
      assert.ok(latest);
      const [told, read] = await Promise.all([shell(message?.replace('ID', latest.id)), shell(inbox)]);
      assert.match(told.out, /settled/);
      assert.match(read.out, /hello@example\.com/);
    });
  });

  test('AUTH in clear is refused without reading on', async () => {
    using dialogue = await Dialogue.open(scene.facts.submission.port);
    assert.match(await dialogue.hear(), /^220 /);
    const offers = await dialogue.ask('EHLO app.example.com');
    assert.match(offers, /^250[- ]STARTTLS$/m);
    assert.doesNotMatch(offers, /AUTH/);
    const { user, password } = scene.facts.submission;
    const secret = Buffer.from(`\0${user}\0${password}`).toString('base64');
    assert.match(await dialogue.ask(`AUTH PLAIN ${secret}`), /^538 5\.7\.11 /);
    assert.match(await dialogue.ask('AUTH LOGIN'), /^538 5\.7\.11 /);
    assert.match(await dialogue.ask('MAIL FROM:<hello@example.com>'), /^530 5\.7\.0 /);
  });

  test('no client has led either office into trouble', () => assert.deepEqual(scene.errors, []));
});
