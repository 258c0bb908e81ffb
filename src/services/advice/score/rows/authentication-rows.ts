/**
 * Who sent it: SPF, DKIM, and whether either speaks for the domain in From. No cap: a message that nobody vouches for is not saved by
 * being tidy. Facts page: the deductions of the score.
 */
import { type DkimProblem, dkimProblems } from '../../../../protocol/dkim/problems.ts';
import type { SpfReason } from '../../../../protocol/spf/types.ts';
import type { DkimFact, Known, ScoreFacts, ScoreRow, SpfFact } from '../types.ts';
import { author, host, returnPath, setting, signer, steps } from './words.ts';

const spfTenths: Readonly<Record<SpfFact['result'], number>> = {
  pass: 0,
  none: 24,
  neutral: 24,
  softfail: 27,
  permerror: 27,
  fail: 30,
  unknown: 0,
};
const dkimTenths: Readonly<Record<DkimFact['result'], number>> = {
  pass: 0,
  none: 24,
  fail: 28,
  permerror: 28,
  unknown: 0,
};
/** Nothing speaks for From: by what its domain asks for. Not knowing the policy is not a policy. */
const nobodyTenths = { missing: 32, none: 32, unknown: 32, quarantine: 42, reject: 60 } as const;
/** From names nobody, or several: receivers treat it as forged (RFC 9989 §11.5 leaves it to them). */
const noAuthorTenths = 60;
const noRecordTenths = 20;
const spfOnlyTenths = 4;
const foreignTenths = 12;
const weakKeyTenths = 3;

/** Proven, and for the domain in From. */
function speaks({ result, aligned }: { readonly result: string; readonly aligned: Known }): Known {
  if (aligned === 'no') return 'no';
  if (result === 'unknown') return 'unknown';
  return result === 'pass' ? aligned : 'no';
}

/** Whether anything speaks for the domain in From. */
export function isVouchedFor({ author, spf, dkim }: ScoreFacts): Known {
  if (author === 'no') return 'no';
  const both = [speaks(spf), speaks(dkim)];
  return both.includes('yes') ? 'yes' : both.includes('unknown') || author === 'unknown' ? 'unknown' : 'no';
}

const aligningDkim = (facts: ScoreFacts): ScoreFacts => ({
  ...facts,
  dkim: { result: 'pass', aligned: 'yes', weakKey: facts.dkim.result === 'pass' ? facts.dkim.weakKey : 'no' },
});

const spfChecks: Readonly<Partial<Record<SpfReason, string>>> = {
  'several-records': 'SPF-02',
  syntax: 'SPF-03',
  'too-many-lookups': 'SPF-05',
  'too-many-void-lookups': 'SPF-06',
  'too-many-mx': 'SPF-05',
  'include-without-record': 'SPF-07',
  'redirect-without-record': 'SPF-07',
};

const spfSays: Readonly<Record<SpfFact['result'], (facts: ScoreFacts) => string>> = {
  pass: () => '',
  unknown: () => '',
  none: (facts) => `${returnPath(facts)} has no SPF record: nobody can tell who may send for it`,
  neutral: (facts) => `the SPF record of ${returnPath(facts)} says nothing about ${host(facts)}`,
  softfail: (facts) => `the SPF record of ${returnPath(facts)} doubts that ${host(facts)} may send for it (~all)`,
  fail: (facts) => `the SPF record of ${returnPath(facts)} forbids ${host(facts)} to send for it`,
  permerror: (facts) => `the SPF record of ${returnPath(facts)} is broken, so it counts for nothing`,
};

const spfRow: ScoreRow = {
  category: 'authentication',
  check: ({ spf, names }) => {
    if (spf.result === 'none') return 'SPF-01';
    if (spf.result !== 'permerror') return 'SPF-14';
    return (names.spfReason && spfChecks[names.spfReason]) ?? 'SPF-03';
  },
  tenths: ({ spf }) => spfTenths[spf.result],
  say: (facts) => spfSays[facts.spf.result](facts),
  fix: (facts) =>
    facts.spf.result === 'permerror'
      ? steps(`mend the SPF record of ${returnPath(facts)}: one record, at most 10 lookups, no mistyped term`)
      : steps(`name ${host(facts)}, or the service behind it, in the SPF record of ${returnPath(facts)}`),
  mended: (facts) => ({ ...facts, spf: { ...facts.spf, result: 'pass' } }),
};

/** Where only a receiver's word is known. */
const notedAs: Readonly<Record<DkimFact['result'], string>> = {
  pass: '',
  none: '',
  unknown: '',
  fail: 'the message was changed after signing, or another key signed it',
  permerror: 'its key is missing from DNS or broken',
};

const keyChecks: Readonly<Partial<Record<DkimProblem, string>>> = {
  'key-missing': 'DKM-01',
  'key-revoked': 'DKM-03',
  'key-too-small': 'DKM-04',
  'key-too-large': 'DKM-04',
  'key-forbids-subdomains': 'DKM-06',
  'key-forbids-hash': 'DKM-07',
  'body-partial': 'ALN-09',
  'length-beyond-body': 'ALN-09',
  expired: 'ALN-10',
};

const dkimRow: ScoreRow = {
  category: 'authentication',
  check: ({ dkim, names }) => {
    if (dkim.result === 'none') return 'DKM-01';
    return (
      (names.signatureProblem && keyChecks[names.signatureProblem]) ?? (dkim.result === 'fail' ? 'DKM-11' : 'DKM-02')
    );
  },
  tenths: ({ dkim }) => dkimTenths[dkim.result],
  say: (facts) => {
    if (facts.dkim.result === 'none') return 'nobody signed it: there is no DKIM signature';
    const { signatureProblem } = facts.names;
    const why = signatureProblem === undefined ? notedAs[facts.dkim.result] : dkimProblems[signatureProblem].say;
    return `the DKIM signature of ${signer(facts)} does not count: ${why}`;
  },
  fix: (facts) => {
    if (facts.dkim.result === 'none')
      return steps(`switch on DKIM where you send, signing as ${author(facts)}, and publish the key it gives you`);
    return facts.dkim.result === 'fail'
      ? steps(`publish the key that ${signer(facts)} signs with, and let nothing change the message after signing`)
      : steps(`publish the key of ${signer(facts)} exactly as the service that signs gives it`);
  },
  // Who signs stays as it is; a key that is published anew is a good one.
  mended: (facts) =>
    facts.dkim.result === 'none'
      ? aligningDkim(facts)
      : {
          ...facts,
          dkim: {
            ...facts.dkim,
            result: 'pass',
            weakKey: facts.dkim.result === 'permerror' ? 'no' : facts.dkim.weakKey,
          },
        },
};

const asks = {
  missing: '',
  none: '',
  unknown: '',
  quarantine: ', and its DMARC record asks to put such mail into Junk',
  reject: ', and its DMARC record asks to refuse such mail',
} as const;

const nobodyRow: ScoreRow = {
  category: 'authentication',
  check: ({ author }) => (author === 'no' ? 'ALN-05' : 'ALN-01'),
  tenths: (facts) => {
    if (facts.author === 'no') return noAuthorTenths;
    return isVouchedFor(facts) === 'no' ? nobodyTenths[facts.dmarc] : 0;
  },
  say: (facts) =>
    facts.author === 'no'
      ? 'From does not name exactly one author, so nothing can speak for it'
      : `nothing proves that ${author(facts)} sent it${asks[facts.dmarc]}`,
  fix: (facts) =>
    facts.author === 'no'
      ? steps('write one From field with one address')
      : steps(`have it signed with DKIM as ${author(facts)}`),
  mended: (facts) => (facts.author === 'no' ? { ...facts, author: 'yes' } : aligningDkim(facts)),
};

const recordRow: ScoreRow = {
  category: 'authentication',
  check: () => 'DMA-01',
  // Where nothing speaks for From the row above says it all; where that is not known, the record is missing all the same.
  tenths: (facts) => (facts.dmarc === 'missing' && isVouchedFor(facts) !== 'no' ? noRecordTenths : 0),
  say: (facts) => `${author(facts)} has no DMARC record: nothing tells receivers what to do with forgeries`,
  fix: ({ names }) =>
    names.domain === undefined
      ? steps('publish a DMARC record for the domain in From; v=DMARC1; p=none is enough to begin with')
      : setting(
          { name: `_dmarc.${names.domain}`, type: 'TXT', value: 'v=DMARC1; p=none' },
          'p=none refuses nothing and is enough to begin with; add rua=mailto:… to get reports',
        ),
  mended: (facts) => ({ ...facts, dmarc: 'none' }),
};

const spfOnlyRow: ScoreRow = {
  category: 'authentication',
  check: () => 'ALN-04',
  tenths: (facts) => {
    const hasRecord = facts.dmarc !== 'missing' && facts.dmarc !== 'unknown';
    const isAlone = facts.author === 'yes' && speaks(facts.spf) === 'yes' && speaks(facts.dkim) === 'no';
    return hasRecord && isAlone ? spfOnlyTenths : 0;
  },
  say: (facts) => `only SPF speaks for ${author(facts)}: once it is forwarded, nothing does`,
  fix: (facts) => steps(`have it signed with DKIM as ${author(facts)}: a signature survives forwarding`),
  mended: aligningDkim,
};

const foreignPathRow: ScoreRow = {
  category: 'authentication',
  check: () => 'ALN-03',
  tenths: ({ spf, dkim }) =>
    spf.result === 'pass' && spf.aligned === 'no' && speaks(dkim) === 'no' ? foreignTenths : 0,
  say: (facts) => `SPF passes for ${returnPath(facts)}, which is not ${author(facts)}`,
  fix: (facts) => steps(`let bounces go to a name below ${author(facts)}: the service calls it custom return path`),
  mended: (facts) => ({ ...facts, spf: { ...facts.spf, aligned: 'yes' } }),
};

const foreignSignatureRow: ScoreRow = {
  category: 'authentication',
  check: () => 'ALN-02',
  tenths: ({ dkim }) => (dkim.result === 'pass' && dkim.aligned === 'no' ? foreignTenths : 0),
  say: (facts) => `the signature that holds is ${signer(facts)}'s, not ${author(facts)}'s`,
  fix: (facts) =>
    steps(`authenticate ${author(facts)} at the service that sends, so that it signs as ${author(facts)}`),
  mended: aligningDkim,
};

const weakKeyRow: ScoreRow = {
  category: 'authentication',
  check: () => 'DKM-04',
  tenths: ({ dkim }) => (dkim.result === 'pass' && dkim.weakKey === 'yes' ? weakKeyTenths : 0),
  say: (facts) => `the key of ${signer(facts)} is shorter than 2048 bits`,
  fix: (facts) => steps(`sign with a key of 2048 bits under a new selector of ${signer(facts)}`),
  mended: (facts) => ({ ...facts, dkim: { ...facts.dkim, weakKey: 'no' } }),
};

export const authenticationRows: readonly ScoreRow[] = [
  spfRow,
  dkimRow,
  nobodyRow,
  recordRow,
  spfOnlyRow,
  foreignPathRow,
  foreignSignatureRow,
  weakKeyRow,
];
