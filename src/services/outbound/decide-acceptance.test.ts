import assert from 'node:assert/strict';
import test from 'node:test';
import { domain } from '../../../test/support/temp-office.ts';
import type { Author } from '../../format/address.ts';
import { type AcceptanceFacts, decideAcceptance } from './decide-acceptance.ts';
import { outboundRefusals, type Sender } from './types.ts';

const own = domain('example.com');
const also = domain('example.net');
const waiting = domain('example.org');
const foreign = domain('elsewhere.test');

function authorAt(name: ReturnType<typeof domain>): Author {
  const first = { local: 'ada', domain: name };
  return { kind: 'one', mailboxes: [first], domain: name, first };
}
const unclear: Author = { kind: 'none-or-unclear', why: 'there is no From field' };
const key: Sender = { kind: 'key', account: 'key_1' };
const login: Sender = { kind: 'login', account: 'ada', domains: ['example.com'] };
const limits = { recipientsMax: 3, sizeMaxBytes: 1_000 };

function decide(facts: Partial<AcceptanceFacts> = {}) {
  const decided = decideAcceptance(
    {
      sender: login,
      author: authorAt(own),
      mailFromDomain: own,
      beside: [],
      domains: new Map([
        [own, { verified: true }],
        [also, { verified: true }],
        [waiting, { verified: false }],
      ]),
      recipientCount: 1,
      sizeBytes: 1_000,
      receivedFields: 100,
      ...facts,
    },
    limits,
  );
  return decided.ok ? { domain: decided.value.domain } : { code: decided.code, say: decided.say };
}

test('an account sends as its own domain, and that one signs', () => {
  assert.deepEqual(decide(), { domain: own });
  assert.deepEqual(decide({ sender: key, author: authorAt(also), mailFromDomain: also }), { domain: also });
});

test('a message has recipients, not too many, and an end', () => {
  assert.partialDeepStrictEqual(decide({ recipientCount: 0 }), { code: 'no-recipients' });
  assert.deepEqual(decide({ recipientCount: 3 }), { domain: own });
  assert.partialDeepStrictEqual(decide({ recipientCount: 4 }), { code: 'too-many-recipients' });
  assert.partialDeepStrictEqual(decide({ sizeBytes: 1_001 }), { code: 'message-too-large' });
});

test('RFC 5321 §6.3: more than 100 Received fields are a loop', () => {
  assert.partialDeepStrictEqual(decide({ receivedFields: 101 }), { code: 'mail-loop' });
  assert.ok(outboundRefusals['mail-loop'].smtp.endsWith('5.4.6'));
});

test('two authors, none, or one nobody can read with certainty is refused with 550 5.7.1', () => {
  assert.partialDeepStrictEqual(decide({ author: unclear }), { code: 'from-unclear' });
  assert.partialDeepStrictEqual(decide({ author: unclear, sender: key }), { code: 'from-unclear' });
  for (const code of ['from-unclear', 'from-not-allowed', 'sender-not-allowed', 'domain-unknown'] as const)
    assert.equal(outboundRefusals[code].smtp, '550 5.7.1');
});

test('nobody sends as a domain that is not here, not proven, or another account’s', () => {
  assert.partialDeepStrictEqual(decide({ author: authorAt(foreign), sender: key }), { code: 'domain-unknown' });
  // An account bound to its domains hears of them first: it cannot add any.
  assert.partialDeepStrictEqual(decide({ author: authorAt(foreign) }), { code: 'from-not-allowed' });
  assert.partialDeepStrictEqual(decide({ author: authorAt(also) }), { code: 'from-not-allowed' });
  assert.partialDeepStrictEqual(decide({ author: authorAt(waiting), sender: key }), { code: 'domain-unverified' });
  assert.partialDeepStrictEqual(decide({ author: authorAt(domain('sub.example.com')) }), { code: 'from-not-allowed' });
  const nothing: Sender = { kind: 'login', account: 'nobody', domains: [] };
  assert.partialDeepStrictEqual(decide({ sender: nothing }), { code: 'from-not-allowed' });
});

test('a domain that was verified once hears which record is gone, and since when', () => {
  const lapsed = { sinceMs: Date.UTC(2026, 10, 22), record: '_posthorn.example.com' };
  const refused = decide({ domains: new Map([[own, { verified: false, lapsed }]]) });
  assert.equal(refused.code, 'domain-unverified');
  assert.match(refused.say ?? '', /_posthorn\.example\.com is gone since 2026-11-22/);
});

test('the envelope sender likewise; the null sender goes with an own From only (MAIL_RULES 4)', () => {
  assert.partialDeepStrictEqual(decide({ mailFromDomain: foreign }), { code: 'sender-not-allowed' });
  assert.partialDeepStrictEqual(decide({ mailFromDomain: also }), { code: 'sender-not-allowed' });
  assert.deepEqual(decide({ sender: key, mailFromDomain: also }), { domain: own });
  assert.deepEqual(decide({ mailFromDomain: undefined }), { domain: own });
  assert.partialDeepStrictEqual(decide({ mailFromDomain: undefined, author: authorAt(foreign) }), {
    code: 'from-not-allowed',
  });
});

test('RFC 5322 §3.6.2: nor is somebody else named beside the author, as readers show it: on behalf of', () => {
  const beside = (field: string, ...domains: ReturnType<typeof domain>[]) => decide({ beside: [{ field, domains }] });
  assert.deepEqual(beside('sender', own), { domain: own });
  assert.partialDeepStrictEqual(beside('sender', foreign), { code: 'sender-not-allowed' });
  assert.partialDeepStrictEqual(beside('resent-from', own, also), { code: 'sender-not-allowed' });
  const unclear = decide({ beside: [{ field: 'sender', domains: undefined }] });
  assert.partialDeepStrictEqual(unclear, { code: 'sender-not-allowed' });
  assert.deepEqual(decide({ sender: key, beside: [{ field: 'sender', domains: [also] }] }), { domain: own });
  const relay: Sender = { kind: 'relay', account: 'relay' };
  assert.deepEqual(decide({ sender: relay, beside: [{ field: 'sender', domains: [foreign] }] }), { domain: own });
});

test('a relay network passes on anybody’s mail; only what is ours and proven is signed', () => {
  const sender: Sender = { kind: 'relay', account: 'relay' };
  assert.deepEqual(decide({ sender }), { domain: own });
  assert.deepEqual(decide({ sender, author: authorAt(foreign), mailFromDomain: foreign }), { domain: undefined });
  assert.deepEqual(decide({ sender, author: authorAt(waiting) }), { domain: undefined });
  assert.deepEqual(decide({ sender, author: unclear }), { domain: undefined });
  assert.partialDeepStrictEqual(decide({ sender, receivedFields: 101 }), { code: 'mail-loop' });
});

test('every refusal tells a person what to do or what was counted', () => {
  const says = [
    decide({ recipientCount: 4 }),
    decide({ sizeBytes: 1_001 }),
    decide({ author: authorAt(foreign), sender: key }),
    decide({ author: authorAt(also) }),
    decide({ author: authorAt(waiting), sender: key }),
    decide({ mailFromDomain: foreign }),
  ].map((decided) => ('say' in decided ? (decided.say ?? '') : ''));
  assert.match(says[0] ?? '', /At most 3 recipients.*has 4/);
  assert.match(says[1] ?? '', /1001 octets.*1000/);
  assert.match(says[2] ?? '', /posthorn domains add elsewhere\.test/);
  assert.match(says[3] ?? '', /only as example\.com/);
  assert.match(says[4] ?? '', /posthorn domains show example\.org/);
  assert.match(says[5] ?? '', /envelope sender is at elsewhere\.test/);
});
