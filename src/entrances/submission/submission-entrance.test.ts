import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import type { Accepted, OutboundRefusal, RawRequest, Sender } from '../../services/outbound/types.ts';
import type { SmtpVisit } from '../smtp/smtp-policy.ts';
import { delayAfter, throttleLimits } from './login-throttle.ts';
import { type SubmissionPorts, submissionPolicy } from './submission-entrance.ts';

const domain = parseDomainName('example.com') ?? assert.fail();
const body: Spooled = {
  size: 3,
  sha256: 'abc',
  inMemory: true,
  read: async () => new Uint8Array(3),
  chunks: async function* () {
    yield new Uint8Array(3);
  },
  discard: async () => {},
};
const spool: SpoolWriter = { write: () => {}, finish: async () => body, discard: async () => {} };
const facts = { size: 3, longestLine: 3, nuls: 0, eightBit: false };
const session = { helo: 'c.example', extended: true, tls: undefined };
const mail = {
  path: { kind: 'mailbox', mailbox: { local: 'me', domain }, route: false },
  size: 0,
  body: '7bit',
  smtpUtf8: false,
  wishes: { ret: 'full' },
} as const;

function makeOffice(outcome: Outcome<Accepted, OutboundRefusal> = accept({ id: 'em_1', replayed: false })) {
  const timers = createManualTimers();
  const submitted: { sender: Sender; request: RawRequest }[] = [];
  const remembered: string[] = [];
  const ports: SubmissionPorts = {
    timers,
    hostname: domain,
    disk: { isLow: () => false },
    blobs: { open: () => spool },
    accounts: {
      authenticate: async (login, password) => {
        if (password === 'busy') return refuse('busy', 'Too many logins');
        if (password === 'ph_test_key')
          return accept({ kind: 'key', account: 'key_1', name: 'k', scopes: ['send'], domains: [domain], test: true });
        if (password !== 'secret') return refuse('bad-credentials', 'Wrong');
        return accept({ kind: 'login', account: login, domains: [domain] });
      },
    },
    outbound: {
      submitWhole: async (sender, request) => {
        submitted.push({ sender, request });
        return outcome;
      },
      rememberUnansweredSubmission: async (_sender, _request, id) => {
        remembered.push(id);
      },
    },
  };
  const policy = submissionPolicy(ports);
  const visit = (address = '192.0.2.1') => policy.open({ address: parseIpAddress(address) ?? assert.fail(), port: 1 });
  return { timers, visit, submitted, remembered };
}

const logIn = (visit: SmtpVisit, login: string, password: string, actAs = '') =>
  visit.authenticate({ login, password, actAs });

test('a login sends in its name, and hears the id', async () => {
  const { visit, submitted, remembered } = makeOffice();
  const guest = visit();
  assert.equal(guest.login, 'required');
  const before = await guest.mail(mail, session);
  assert.ok(before.kind === 'refuse' && before.reply.code === 530);
  assert.equal(await logIn(guest, 'me', 'secret'), 'yes');
  const answer = await guest.mail(mail, session);
  assert.ok(answer.kind === 'accept');
  const { transaction } = answer;
  await transaction.unanswered();
  assert.deepEqual(remembered, []);
  await transaction.rcpt({
    path: { kind: 'mailbox', mailbox: { local: 'you', domain }, route: false },
    wishes: { notify: ['delay'] },
  });
  assert.deepEqual(await transaction.finish(body, facts), { code: 250, enhanced: '2.0.0', text: 'Queued as em_1' });
  assert.deepEqual(submitted[0]?.sender, { kind: 'login', account: 'me', domains: [domain] });
  assert.deepEqual(submitted[0]?.request.entrance, {
    kind: 'smtp',
    clientAddress: '192.0.2.1',
    helo: 'c.example',
    extended: true,
    smtpUtf8: false,
    authenticated: true,
  });
  await transaction.unanswered();
  assert.deepEqual(remembered, ['em_1']);
});

test('an API key is a password; a test key stays a test key', async () => {
  const { visit, submitted } = makeOffice();
  const guest = visit();
  assert.equal(await logIn(guest, 'anybody', 'ph_test_key'), 'yes');
  const answer = await guest.mail(mail, session);
  assert.ok(answer.kind === 'accept');
  await answer.transaction.finish(body, facts);
  assert.deepEqual(submitted[0]?.sender, { kind: 'key', account: 'key_1', domains: [domain], test: true });
});

test('what outbound refuses is said with its status; NUL is refused before', async () => {
  const { visit, submitted } = makeOffice(refuse('from-not-allowed', 'This account may send only as example.com.'));
  const guest = visit();
  await logIn(guest, 'me', 'secret');
  const answer = await guest.mail(mail, session);
  assert.ok(answer.kind === 'accept');
  assert.equal((await answer.transaction.finish(body, { ...facts, nuls: 2 })).enhanced, '5.6.0');
  assert.deepEqual(submitted, []);
  assert.deepEqual(await answer.transaction.finish(body, facts), {
    code: 550,
    enhanced: '5.7.1',
    text: 'This account may send only as example.com.',
  });
});

test('nobody acts as somebody else; a busy directory is no wrong password', async () => {
  const { visit } = makeOffice();
  const guest = visit();
  assert.equal(await logIn(guest, 'me', 'secret', 'boss'), 'no');
  assert.equal(await logIn(guest, 'me', 'busy'), 'later');
  assert.equal(await logIn(guest, 'me', 'secret', 'me'), 'yes');
});

test('guessing is slowed down per network and per account, whoever guesses', async () => {
  const { timers, visit } = makeOffice();
  const wrong = async (address: string, login: string) => {
    let verdict = '';
    const began = timers.monotonicMs();
    const trying = logIn(visit(address), login, 'wrong').then((answer) => {
      verdict = answer;
    });
    while (verdict === '') await timers.pass(50);
    await trying;
    assert.equal(verdict, 'no');
    return timers.monotonicMs() - began;
  };
  for (let i = 0; i < 4; i++) assert.ok((await wrong('192.0.2.1', `user${i}`)) < 250);
  const sameNetwork = await wrong('192.0.2.1', 'another');
  assert.ok(sameNetwork >= 250, String(sameNetwork));
  assert.ok((await wrong('192.0.2.2', 'fresh')) < 250);
  for (let i = 0; i < 4; i++) await wrong(`198.51.100.${i}`, 'Victim');
  assert.ok((await wrong('198.51.100.9', 'victim')) >= 250);
  // What is remembered of a name has a bound: endless ones are no way to our memory.
  for (let i = 0; i < 4; i++) await wrong(`198.51.101.${i}`, `${'n'.repeat(9_000)}${i}`);
  assert.ok((await wrong('198.51.101.9', 'n'.repeat(9_000))) >= 250);
  await timers.pass(throttleLimits.windowMs);
  assert.ok((await wrong('192.0.2.1', 'another')) < 250);
});

test('delays grow to a bound', () => {
  assert.deepEqual([0, 3, 4, 5, 6, 20, 1_000].map(delayAfter), [
    0,
    0,
    250,
    500,
    1_000,
    throttleLimits.delayMaxMs,
    throttleLimits.delayMaxMs,
  ]);
});

test('many connections of one network guess no faster than one; right passwords of others are not delayed', async () => {
  const { timers, visit } = makeOffice();
  const verdicts: string[] = [];
  const guess = (round: number) => {
    for (let i = 0; i < 30; i++) {
      logIn(visit('2001:db8::1'), `user${round}-${i}`, 'wrong').then((verdict) => verdicts.push(verdict));
    }
  };
  guess(1); // all at once, before the first has failed: free, and the last that is
  await timers.pass(0);
  assert.equal(verdicts.length, 30);
  guess(2);
  await timers.pass(throttleLimits.waitMaxMs);
  assert.deepEqual(
    [verdicts.length, verdicts.filter((verdict) => verdict === 'no').length],
    [60, 30 + throttleLimits.waitMaxMs / throttleLimits.delayMaxMs],
  );
  assert.equal(await logIn(visit('192.0.2.7'), 'me', 'secret'), 'yes');
});

test('a message below the lowest score of its stream is refused for good, and the reply says what to mend', async () => {
  const say = 'The message scores 5.6 of 10, and mail of the stream news needs 8. MSG-04 -0.5: It comes as HTML only.';
  const { visit } = makeOffice(refuse('score-too-low', say));
  const guest = visit();
  await logIn(guest, 'me', 'secret');
  const answer = await guest.mail(mail, session);
  assert.ok(answer.kind === 'accept');
  const reply = await answer.transaction.finish(body, facts);
  assert.deepEqual({ ...reply }, { code: 550, enhanced: '5.7.1', text: say });
});
