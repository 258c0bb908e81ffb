/** BMI-04: a certificate that is not for this domain, this day or this logo. */
import { asBuffer } from '../../../../base/bytes.ts';
import type { BimiEvidence } from '../../../../protocol/bimi/read-evidence.ts';
import { fails, listed, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { bimiRule } from './bimi-rule.ts';
import type { BimiFacts } from './facts.ts';

export const badCertificate = bimiRule('BMI-04', judge);

const dayMs = 86_400_000;
/** A new mark certificate takes weeks. (Our choice.) */
const renewBeforeMs = 30 * dayMs;

type Certificate = Extract<BimiEvidence, { kind: 'certificate' }>;

function judge(facts: DomainFacts, record: Extract<BimiFacts['record'], { kind: 'found' | 'invalid' }>): Judged {
  const { name, evidence } = facts.bimi;
  if (record.kind === 'invalid' || record.evidence === undefined)
    return skips({ subject: name, meaning: 'No certificate is named for the logo.' });
  const base = { subject: record.evidence, evidence: [facts.show(name, 'TXT'), facts.show(record.evidence, 'HTTPS')] };
  if (evidence.kind === 'not-asked')
    return staysUnknown({
      ...base,
      meaning: 'The certificate for the logo was not fetched: nothing may be asked of the network.',
    });
  if (evidence.kind === 'failed')
    return fails({
      ...base,
      meaning: `The certificate for the logo could not be fetched, so receivers that want one show no logo: ${evidence.say}.`,
      fix: steps(`serve the certificate at ${record.evidence}, without redirects`),
    });
  if (evidence.read.kind === 'unreadable')
    return fails({
      ...base,
      meaning: `What is served as the certificate for the logo is none: ${evidence.read.why}.`,
      fix: steps('serve the certificate as the authority sent it, in PEM, its own first and its chain behind it'),
    });
  return { ...base, ...judgeCertificate(facts, evidence.read) };
}

const steps = (...said: readonly string[]) => ({ delete: [], set: [], steps: said });

function judgeCertificate(facts: DomainFacts, read: Certificate): Omit<Judged, 'subject' | 'evidence'> {
  const problems = problemsOf(facts, read);
  if (problems.length > 0)
    return {
      status: 'fail',
      meaning: `Receivers that want a certificate for the logo do not show it: ${listed(problems)}.`,
      fix: steps(
        'have the authority issue a certificate for this domain and this very logo, and serve it with its chain',
      ),
    };
  const left = read.validToMs - facts.nowMs;
  if (left < renewBeforeMs)
    return {
      status: 'fail',
      severity: 'advice',
      meaning: `The certificate for the logo ends in ${Math.floor(left / dayMs)} days, and a new one takes weeks.`,
      fix: steps('renew the certificate now'),
    };
  const unproven = unprovenOf(facts, read);
  if (unproven !== undefined)
    return { status: 'unknown', meaning: `The certificate for the logo is for this domain and in date; ${unproven}.` };
  return {
    status: 'pass',
    meaning: `The certificate for the logo (${read.mark === 'unknown' ? 'of an unnamed kind' : read.mark}, ${quoted(read.issuer)}) is for this domain, in date, and holds this very logo.`,
  };
}

function problemsOf({ subject, nowMs, bimi }: DomainFacts, read: Certificate): readonly string[] {
  const published = bimi.logo.kind === 'fetched' ? bimi.logo.octets : undefined;
  const isOther = published !== undefined && read.logo !== undefined && !isSameLogo(published, read.logo);
  return [
    ...(read.validToMs < nowMs ? [`the certificate ended on ${dateOf(read.validToMs)}`] : []),
    ...(read.validFromMs > nowMs ? [`the certificate begins on ${dateOf(read.validFromMs)} only`] : []),
    ...(read.isFor.length === 0 ? [`the certificate is not for ${subject.domain}`] : []),
    ...(read.isForMarks ? [] : ['it is a certificate for something else than marks']),
    ...(isOther ? ['the certificate is for another logo than the one published'] : []),
  ];
}

/** What could not be judged: nothing of it is a pass. */
function unprovenOf({ bimi }: DomainFacts, read: Certificate): string | undefined {
  if (!read.isChained)
    return 'the certificate of its authority is not served behind it, so who issued it is not proven here';
  if (read.logo === undefined) return 'the logo inside could not be read';
  return bimi.logo.kind === 'fetched' || bimi.record.kind !== 'found' || bimi.record.logo === undefined
    ? undefined
    : 'the published logo could not be fetched to hold it against the one inside';
}

/** Line ends and blanks at the edges may have changed on the way to a web server. */
function isSameLogo(published: Uint8Array, inside: Uint8Array): boolean {
  if (asBuffer(published).equals(inside)) return true;
  const plain = (octets: Uint8Array) => Buffer.from(octets).toString('utf8').replace(/\r\n/g, '\n').trim();
  return plain(published) === plain(inside);
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
