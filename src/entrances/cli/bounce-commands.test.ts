import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { messageLines } from './show-message.ts';
import { plainStyle } from './style.ts';

test('explain-bounce: the reply as words, as a file, by a pipe', async () => {
  const reply = '550-5.7.25 [192.0.2.9] does not have a PTR record - gsmtp';
  const answers = await Promise.all([
    cli(['explain-bounce', reply]),
    cli('explain-bounce bounce.txt', { files: { 'bounce.txt': reply } }),
    cli('explain-bounce -', { input: reply }),
  ]);
  for (const { code, out } of answers) {
    assert.equal(code, 0);
    assert.match(out, /^550 5\.7\.25: Gmail refuses it for good\n.*no name in the DNS/);
    assert.match(out, /address 192\.0\.2\.9 set its PTR/);
  }
  const { out } = await cli(['explain-bounce', reply, '--domain', 'example.com', '--json']);
  assert.partialDeepStrictEqual(JSON.parse(out), {
    bounces: [{ kind: 'host', checks: ['IPR-01', 'IPR-02', 'IPR-05'] }],
  });
  assert.match(out, /posthorn check example\.com --ip 192\.0\.2\.9/);
});

test('explain-bounce: what holds no reply, a wrong domain, a file that is not there', async () => {
  const none = await cli(['explain-bounce', 'dear friend, hello']);
  assert.equal(none.code, 65);
  assert.match(none.err, /no reply of a mail server.*\n.*next:/s);
  assert.equal((await cli(['explain-bounce', '550 no', '--domain', 'a b'])).code, 65);
  const word = await cli('explain-bounce hello');
  assert.equal(word.code, 65);
  assert.match(word.err, /"hello" is neither a reply of a mail server nor a file.*\n.*explain-bounce "550/);
});

test('a message that was refused says below its table what that means', () => {
  const recipient = {
    delivery_id: 'del_1' as const,
    address: 'bob@gmail.com',
    state: 'bounced' as const,
    tries: 1,
    say: 'refused',
    refusal: {
      receiver: 'Gmail',
      kind: 'authentication',
      meaning: 'Nothing proves it.',
      steps: ['look', 'mend'],
      checks: ['SPF-01'],
      again: 'once-mended',
    },
  };
  const email = {
    object: 'email' as const,
    id: 'em_1' as const,
    created_at: '2026-11-22T10:00:00.000Z',
    account: 'key',
    from: 'a@example.com',
    mail_from: 'a@example.com',
    subject: 'hi',
    message_id: '<1@example.com>',
    size: 3,
    tags: [],
    metadata: {},
    settled: true,
    recipients: [recipient],
  };
  assert.deepEqual(messageLines(email, [], plainStyle, 80).slice(-6), [
    'bob@gmail.com was refused by Gmail',
    '  Nothing proves it.',
    '  do      1. look',
    '          2. mend',
    '  then    Send it again once that is mended; before, it will be refused again.',
    '  checks  SPF-01',
  ]);
});
