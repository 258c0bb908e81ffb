import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainBounce } from './explain-bounce.ts';
import { knownReplies } from './known-replies.ts';
import { readBounce, readReplyText } from './read-bounce.ts';

const explained = (text: string, host?: string) =>
  explainBounce({ ...readReplyText(text), ...(host !== undefined && { host }) }, { domain: 'example.com' });

for (const { id, example, receiver } of knownReplies) {
  test(`its own example is known as ${id}`, () => {
    const found = explained(example);
    assert.equal(found.by, id);
    assert.equal(found.receiver, receiver ?? found.receiver);
    assert.ok(!found.steps.join(' ').includes('{'), 'a hole was left in a step');
  });
}

test('ids are unique, and every row says what to do and when to send again', () => {
  assert.equal(new Set(knownReplies.map(({ id }) => id)).size, knownReplies.length);
  for (const { id, steps, meaning } of knownReplies) assert.ok(steps.length > 0 && meaning.endsWith('.'), id);
});

test('one code means what its speaker means by it', () => {
  const kinds = {
    'mx.google.com': explained('550 5.7.27 SPF', 'gmail-smtp-in.l.google.com'),
    'mx.example.org': explained('550 5.7.27 no', 'mx.example.org'),
  };
  assert.equal(kinds['mx.google.com'].by, 'gmail-spf');
  assert.equal(kinds['mx.example.org'].by, 'status 5.7.27');
  assert.equal(explained('550 5.7.30 no', 'mx.example.org').kind, 'encryption');
  assert.equal(explained('550 5.7.30 no', 'gmail-smtp-in.l.google.com').kind, 'authentication');
});

test('a code that only one receiver uses is known without a word beside it', () => {
  assert.equal(explained('5.7.515').by, 'microsoft-authentication-level');
  assert.equal(explained('5.7.515').receiver, 'Microsoft');
  assert.equal(explained('5.7.26').by, 'status 5.7.26');
});

test('what sounds like another reply is told apart from it', () => {
  const said: readonly (readonly [string, string])[] = [
    [
      '550 Requested action not taken: mailbox unavailable invalid DNS MX or A/AAAA resource record',
      'any-sender-domain',
    ],
    ['550 Requested action not taken: mailbox unavailable', 'any-unknown-user'],
    [
      '553 5.7.2 [TSS09] All messages from 192.0.2.10 will be permanently deferred; Retrying will NOT succeed',
      'yahoo-blocked',
    ],
    ['421 4.7.0 [TSS05] Messages from 192.0.2.10 temporarily deferred due to user complaints', 'yahoo-complaints'],
    ['554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException', 'any-full'],
    ['550 5.7.0 (Barracuda) Message rejected as spam', 'any-spam'],
    ['554 5.7.1 Client host [192.0.2.1] blocked using b.barracudacentral.org', 'any-block-list'],
    ['550 Verification failed for <nobody@example.com> Unrouteable address Sender verify failed', 'any-sender-domain'],
    ['452 4.2.2 Insufficient storage in mailbox', 'any-full'],
  ];
  for (const [text, id] of said) assert.equal(explained(text).by, id, text);
});

test('words that only one receiver uses tell whose they are, without its name', () => {
  const said: readonly (readonly [string, string, string])[] = [
    [
      '550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.',
      'Gmail',
      'gmail-unauthenticated',
    ],
    [
      '421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.',
      'Gmail',
      'gmail-rate',
    ],
    ['550 5.4.1 Recipient address rejected: Access denied', 'Microsoft', 'microsoft-unknown-recipient'],
    [
      '451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S775)',
      'Microsoft',
      'microsoft-outlook-rate',
    ],
    [
      '550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC policy of reject.',
      'Microsoft',
      'microsoft-dmarc',
    ],
    [
      "550 SC-001 (COL004-MC1F30) Unfortunately, messages from 192.0.2.10 weren't sent.",
      'Microsoft',
      'microsoft-outlook-list',
    ],
    [
      "550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Your network is on our block list (S3150).",
      'Microsoft',
      'microsoft-outlook-list',
    ],
  ];
  for (const [text, receiver, by] of said) {
    const found = explained(text);
    assert.deepEqual([found.receiver, found.by], [receiver, by], text);
  }
  assert.equal(explained('554 5.7.1 <bob@gmail.com>: Recipient address rejected: Access denied').receiver, undefined);
});

test('the domain that the reply names stands in the commands, unless another one was given', () => {
  const text = "550-5.7.26 Unauthenticated email from Acme.example is not accepted due to domain's DMARC policy.";
  const steps = (domain?: string) =>
    explainBounce(readReplyText(text), domain === undefined ? {} : { domain }).steps.join('\n');
  assert.match(steps(), /check acme\.example --sender/);
  assert.match(steps('example.com'), /check example\.com --sender/);
  const hostile = explainBounce(readReplyText('550 5.7.515 sending domain $(reboot).example does not')).steps.join();
  assert.match(hostile, /check YOUR-DOMAIN/);
});

test('commands in the steps can be typed as they stand', () => {
  const { steps } = explainBounce(readReplyText('550 5.7.515'), { domain: 'example.com', command: './posthorn' });
  assert.ok(
    steps.every((step) => !/(?<!\.\/)posthorn /.test(step)),
    steps.join(),
  );
});

test('after a refusal for good nobody sends again by itself', () => {
  assert.equal(explained('554 5.2.2 mailbox full; quota exceeded').again, 'by-hand');
  assert.equal(explained('452 4.2.2 mailbox full; quota exceeded').again, 'by-itself');
});

test('a name that only looks like a receiver’s does not speak for it', () => {
  assert.equal(explained('550 5.7.26 no', 'mx.notgoogle.com').receiver, undefined);
  assert.equal(explained('550 5.7.26 no', 'google.com.example.org').receiver, undefined);
});

test('codes are found however the reply was pasted', () => {
  const shapes: [text: string, code: number | undefined, enhanced: string | undefined, words: string][] = [
    ['550 5.1.1 no such user', 550, '5.1.1', 'no such user'],
    ['550-5.7.26 This mail\r\n550-5.7.26 is not\r\n550 5.7.26 ours', 550, '5.7.26', 'This mail is not ours'],
    ['550-first\n550 second', 550, undefined, 'first second'],
    ['5.7.515', undefined, '5.7.515', ''],
    ['550', 550, undefined, ''],
    ['Status: 5.1.1', undefined, '5.1.1', 'Status: 5.1.1'],
    ['said: 421 4.7.28 too fast (in reply to MAIL FROM)', 421, '4.7.28', 'too fast (in reply to MAIL FROM)'],
    ['the address 192.0.2.250 was refused', undefined, undefined, 'the address 192.0.2.250 was refused'],
    ['smtp; 550 #5.1.0 Address rejected.', 550, '5.1.0', 'Address rejected.'],
    ['', undefined, undefined, ''],
  ];
  for (const [text, code, enhanced, words] of shapes) {
    const reply = readReplyText(text);
    assert.deepEqual([reply.code, reply.enhanced, reply.text], [code, enhanced, words], text);
  }
});

test('a line of Postfix’s log names who said it, and the sender’s address', () => {
  const line =
    'to=<bob@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.27]:25, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.27] said: 550-5.7.25 [203.0.113.5] The IP address sending this message does not have a PTR record setup (in reply to end of DATA command))';
  const found = explained(line);
  assert.equal(found.by, 'gmail-reverse-name');
  assert.equal(found.reply.host, 'gmail-smtp-in.l.google.com');
  assert.match(found.steps[0] ?? '', /203\.0\.113\.5/);
});

test('a whole bounce tells of each recipient that failed', () => {
  const bounce = [
    'From: MAILER-DAEMON@example.com',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'Sorry.',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.com',
    '',
    'Final-Recipient: rfc822; a@outlook.com',
    'Action: failed',
    'Status: 5.7.515',
    'Remote-MTA: dns; outlook-com.olc.protection.outlook.com',
    'Diagnostic-Code: smtp; 550 5.7.515 Access denied, sending domain EXAMPLE.COM does not meet the required authentication level.',
    '',
    'Final-Recipient: rfc822; b@example.org',
    'Action: delivered',
    'Status: 2.0.0',
    '',
    '--b--',
    '',
  ].join('\r\n');
  const replies = readBounce(Buffer.from(bounce));
  assert.deepEqual(
    replies.map((reply) => [reply.recipient, explainBounce(reply).by]),
    [['a@outlook.com', 'microsoft-authentication-level']],
  );
});

test('anything at all is explained or said to be unknown, in bounded time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), (text) => {
      for (const reply of readBounce(Buffer.from(text))) assert.ok(explainBounce(reply).meaning.length > 0);
    }),
    { numRuns: 300 },
  );
  for (const seed of ['5.7.26 ', '550-', 'mailbox ', 'sender ', 'unauthenticated email from ', '[TSS04] ', ' '])
    assert.ok(readBounce(Buffer.from(seed.repeat(200_000))).every((reply) => explainBounce(reply).by.length > 0));
});
