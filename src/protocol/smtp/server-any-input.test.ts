/** The rules that hold whatever comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { mx, submission } from '../../../test/support/server-talk.ts';
import { utf8 } from '../../base/bytes.ts';
import { type Reply, replyOf } from './reply.ts';
import { step } from './server.ts';
import { newServerSession, type ServerInput, type ServerOptions, type ServerSession } from './server-session.ts';

const anyReply: fc.Arbitrary<Reply> = fc.constantFrom(
  ...['250 2.0.0', '450 4.2.0', '550 5.7.1', '421 4.3.2'].map((status) => replyOf(status, 'so it is')),
);
const anyLine = fc.oneof(
  fc.constantFrom(
    ...['EHLO c.example', 'HELO c', 'STARTTLS', 'MAIL FROM:<a@b.example>', 'RCPT TO:<a@b.example>', 'DATA', 'RSET'],
    ...['BDAT 10', 'BDAT 10', 'BDAT 10 LAST', 'BDAT 0 LAST', 'BDAT 30000000', 'BDAT x', 'RCPT TO:<no@b.example>'],
    ...['AUTH PLAIN AHRpbQBzZWNyZXQ=', 'AUTH LOGIN', 'dGlt', '*', 'NOOP', 'VRFY x', 'QUIT', 'GET / HTTP/1.0', ''],
  ),
  fc.string({ maxLength: 30 }),
);

/** What may come next at all: the loop's side of the contract. */
function anyInput(session: ServerSession, seed: { line: string; n: number; reply: Reply }): ServerInput {
  if (seed.n === 0) return { kind: 'timeout' };
  if (seed.n === 1) return { kind: 'stop' };
  const { phase } = session;
  switch (phase.at) {
    case 'opening':
      return { kind: 'opened', talked: false };
    case 'securing':
      return { kind: 'tls-established' };
    case 'data':
      return { kind: 'data-end', as: seed.n % 5 === 0 ? 'too-large' : 'complete' };
    case 'chunk':
      if (seed.n % 5 === 0) return { kind: 'chunk-end', as: 'failed', reply: seed.reply };
      return { kind: 'chunk-end', as: seed.n % 7 === 0 ? 'too-large' : 'complete' };
    case 'refused-chunk':
      return { kind: 'chunk-end', as: 'complete' };
    case 'asking':
      if (phase.about === 'login') return { kind: 'login-verdict', verdict: seed.n % 2 ? 'yes' : 'no' };
      if ((phase.about === 'data' || phase.about === 'chunk') && seed.n % 3) return { kind: 'go-ahead' };
      return { kind: 'verdict', reply: seed.n % 3 ? replyOf('250 2.0.0', 'fine') : seed.reply };
    default:
      return { kind: 'line', octets: utf8(seed.line), more: seed.n % 2 === 0 };
  }
}

test('whatever is said, the machine neither throws nor forgets its rules', () => {
  const seeds = fc.array(fc.record({ line: anyLine, n: fc.nat({ max: 40 }), reply: anyReply }), { maxLength: 60 });
  fc.assert(
    fc.property(
      seeds,
      fc.constantFrom<ServerOptions>(mx, submission, { ...submission, login: 'optional' }),
      (inputs, options) => {
        let session = newServerSession(options, false);
        let recipients = 0;
        /** A chunk of this transaction was refused. */
        let failed = false;
        for (const seed of inputs) {
          const before = session;
          const input = anyInput(session, seed);
          const { next, effects } = step(session, input);
          session = next;
          const kinds = effects.map((effect) => effect.kind);
          if (input.kind === 'line')
            assert.ok(
              before.phase.at === 'closed' ||
                kinds.some(
                  (kind) => ['reply', 'take-chunk', 'swallow-chunk'].includes(kind) || kind.startsWith('ask-'),
                ),
            );
          if (
            input.kind === 'verdict' &&
            before.phase.at === 'asking' &&
            before.phase.about === 'rcpt' &&
            input.reply.code === 250
          )
            recipients++;
          if (kinds.includes('forget') || kinds.includes('close'))
            recipients = kinds.includes('begin-data') ? recipients : 0;
          if (kinds.includes('begin-data')) assert.ok(recipients > 0, 'data without a recipient');
          if (kinds.includes('take-chunk')) assert.ok(recipients > 0 && !failed, 'a chunk of no message');
          if (before.phase.at === 'chunk' && input.kind === 'chunk-end' && input.as !== 'complete') failed = true;
          if (kinds.includes('swallow-chunk')) failed = before.transaction !== undefined;
          if (!session.transaction) failed = false;
          if (kinds.includes('ask-message')) assert.ok(!failed, 'a torso');
          if (kinds.includes('ask-login')) assert.ok(before.tls, 'a password in clear');
          if (kinds.includes('ask-mail') && options.login === 'required')
            assert.ok(before.loggedIn, 'mail without a login');
          assert.ok(kinds.filter((kind) => kind.startsWith('ask-')).length <= 1);
          assert.equal(session.phase.at === 'closed', before.phase.at === 'closed' || kinds.at(-1) === 'close');
        }
      },
    ),
    { numRuns: 500 },
  );
});
