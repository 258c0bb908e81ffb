/** MAIL_RULES 15 and 16, branch by branch. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { judgeMessage, type MessageFacts } from './judge-message.ts';
import { replyTo } from './replies.ts';

const reject = { result: 'fail', applied: 'reject', domain: 'bank.test' } as const;
const clean: MessageFacts = {
  dmarc: { result: 'none', applied: 'none', domain: 'b.test' },
  spf: { result: 'none', domain: 'b.test' },
  authorSpfFails: false,
  signedByAuthorDomain: false,
  indirectTraces: [],
  senderNeverReceives: false,
  looping: false,
  exemptFromAuthorRules: false,
};
/** A forgery: fails under p=reject, SPF of the very domain fails, nothing speaks for a detour. */
const forged: Partial<MessageFacts> = {
  dmarc: reject,
  spf: { result: 'fail', domain: 'bank.test' },
  authorSpfFails: true,
};

function judge(facts: Partial<MessageFacts>, onDmarcReject: 'reject' | 'junk' = 'reject') {
  return judgeMessage({ ...clean, ...facts }, { onDmarcReject });
}

test('nothing known, nothing against it', () => {
  assert.deepEqual(judge({}), { disposition: 'accept', because: ['no DMARC policy'] });
});

test('without a policy an SPF failure is junk, nothing more; everything else is taken', () => {
  assert.partialDeepStrictEqual(judge({ spf: { result: 'fail', domain: 'b.test' } }), { disposition: 'junk' });
  for (const result of ['softfail', 'neutral', 'none', 'temperror', 'permerror', 'pass'])
    assert.equal(judge({ spf: { result, domain: 'b.test' } }).disposition, 'accept', result);
});

test('a pass is taken, whatever SPF says', () => {
  const dmarc = { result: 'pass', applied: 'none', domain: 'b.test' } as const;
  assert.partialDeepStrictEqual(judge({ dmarc, spf: { result: 'fail', domain: 'list.test' } }), {
    disposition: 'accept',
  });
});

test('what applies counts: none is taken, quarantine is junk', () => {
  assert.equal(judge({ dmarc: { ...reject, applied: 'none' } }).disposition, 'accept');
  assert.equal(judge({ dmarc: { ...reject, applied: 'quarantine' } }).disposition, 'junk');
});

test('MAIL_RULES 15: a forgery under p=reject with nothing that speaks for a detour is refused, 550 5.7.26', () => {
  const judgement = judge(forged);
  assert.partialDeepStrictEqual(judgement, { disposition: 'reject', refusal: '5.7.26' });
  assert.partialDeepStrictEqual(replyTo(judgement, 'inb_1'), { code: 550, enhanced: '5.7.26' });
  assert.match(replyTo(judgement, 'inb_1').text, /^DMARC fails for bank\.test under p=reject.*\(inb_1\)$/);
});

test('MAIL_RULES 15: each thing that speaks for a detour makes it junk, reported as an override', () => {
  assert.partialDeepStrictEqual(judge({ ...forged, signedByAuthorDomain: true }), {
    disposition: 'junk',
    override: 'other',
  });
  assert.partialDeepStrictEqual(judge({ ...forged, indirectTraces: ['an ARC set'] }), {
    disposition: 'junk',
    override: 'other',
  });
  assert.partialDeepStrictEqual(judge({ ...forged, indirectTraces: ['an ARC set', 'List-Id'] }), {
    disposition: 'junk',
    override: 'mailing_list',
  });
  assert.partialDeepStrictEqual(judge({ ...forged, authorSpfFails: false }), {
    disposition: 'junk',
    override: 'other',
  });
  assert.match(judge({ ...forged, indirectTraces: ['List-Id'] }).because[0] ?? '', /indirect way: List-Id$/);
});

test('an operator may want to see forgeries: junk by local policy', () => {
  assert.partialDeepStrictEqual(judge(forged, 'junk'), { disposition: 'junk', override: 'local_policy' });
});

test('a verdict that depends on a DNS that does not answer waits: 451, never a refusal', () => {
  const judgement = judge({ dmarc: { ...reject, result: 'temperror' } });
  assert.equal(judgement.disposition, 'later');
  assert.partialDeepStrictEqual(replyTo(judgement, 'inb_1'), { code: 451, enhanced: '4.7.0' });
});

test('MAIL_RULES 16: no author, or more than one: 550 5.7.1 with the reason', () => {
  const judgement = judge({
    dmarc: { result: 'permerror', applied: 'reject', domain: null, reason: 'there is no From field' },
  });
  assert.partialDeepStrictEqual(judgement, {
    disposition: 'reject',
    refusal: '5.7.1',
    because: ['there is no From field'],
  });
  assert.deepEqual(replyTo(judgement, 'inb_1'), {
    code: 550,
    enhanced: '5.7.1',
    text: 'there is no From field (inb_1)',
  });
});

test('MAIL_RULES 4: a domain with a null MX sends nothing: 550 5.7.27', () => {
  const judgement = judge({ senderNeverReceives: true, dmarc: { result: 'pass', applied: 'none', domain: 'b.test' } });
  assert.partialDeepStrictEqual(judgement, { disposition: 'reject', refusal: '5.7.27' });
  assert.partialDeepStrictEqual(replyTo(judgement, 'inb_1'), { code: 550, enhanced: '5.7.27' });
});

test('MAIL_RULES 6: a loop is refused, whoever wrote it and whomever it is for', () => {
  assert.partialDeepStrictEqual(judge({ looping: true, exemptFromAuthorRules: true }), {
    disposition: 'reject',
    refusal: '5.4.6',
  });
});

test('MAIL_RULES 5, 16: for postmaster and return paths nothing is refused for its sender, but marked', () => {
  const permerror = { result: 'permerror', applied: 'reject', domain: null } as const;
  for (const facts of [
    forged,
    { dmarc: permerror },
    { senderNeverReceives: true },
    { dmarc: { ...reject, result: 'temperror' as const } },
  ])
    assert.partialDeepStrictEqual(judge({ ...facts, exemptFromAuthorRules: true }), {
      disposition: 'accept',
      unauthenticated: true,
    });
  const good = judge({ exemptFromAuthorRules: true });
  assert.deepEqual(good, judge({}), 'nothing to except it from');
});

test('every reply is one line of printable ASCII, whatever stands in the facts', () => {
  const anyFacts = fc.record({
    dmarc: fc.record({
      result: fc.constantFrom('none', 'pass', 'fail', 'temperror', 'permerror'),
      applied: fc.constantFrom('none', 'quarantine', 'reject'),
      domain: fc.option(fc.string({ unit: anyCharacter })),
      reason: fc.string({ unit: anyCharacter }),
    }),
    spf: fc.record({ result: fc.constantFrom('fail', 'pass'), domain: fc.string({ unit: anyCharacter }) }),
    authorSpfFails: fc.boolean(),
    signedByAuthorDomain: fc.boolean(),
    indirectTraces: fc.array(fc.constantFrom('List-Id', 'an ARC set')),
    senderNeverReceives: fc.boolean(),
    looping: fc.boolean(),
    exemptFromAuthorRules: fc.boolean(),
  });
  fc.assert(
    fc.property(anyFacts, fc.constantFrom('reject', 'junk'), (facts, onDmarcReject) => {
      const judgement = judgeMessage(facts as MessageFacts, { onDmarcReject });
      const { code, enhanced, text } = replyTo(judgement, 'inb_1');
      assert.match(text, /^[\x20-\x7e]+$/);
      assert.equal(enhanced?.[0], String(code)[0]);
      assert.ok(judgement.because.length > 0);
    }),
    { numRuns: 300 },
  );
});
