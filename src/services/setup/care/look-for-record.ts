/**
 * Looks for a TXT record of ours at every authoritative server of its name. Where none of them can be reached (many networks let
 * nobody but their own resolver ask), the resolver's word is taken, and said to be that.
 */
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { parseTagList } from '../../../format/tag-list.ts';
import type { Authorities, ServerAnswer } from '../../../protocol/dns/authorities.ts';
import type { DnsAnswer, LookupOptions, Resolver } from '../../../protocol/dns/types.ts';
import type { DkimKeyRecord, DomainProof } from '../../directory/types.ts';
import type { Sighting, Witness } from './types.ts';

export type Eyes = { readonly authorities: Authorities; readonly resolver: Resolver };

/** Judges all TXT records of the name together. */
type Judge = (texts: readonly string[]) => Pick<Witness, 'found' | 'say'>;

/** Other texts may stand beside it. */
export function lookForProof(eyes: Eyes, proof: DomainProof, options: LookupOptions): Promise<Sighting> {
  return look(eyes, proof.name, options, (texts) => {
    if (texts.includes(proof.value)) return { found: 'ours', say: 'it is there' };
    const own = texts.some((text) => text.startsWith('posthorn-domain='));
    return { found: 'another', say: own ? 'the token of another office, or of another domain' : 'another text' };
  });
}

export function lookForKey(
  eyes: Eyes,
  key: Pick<DkimKeyRecord, 'domain' | 'selector' | 'publicRecord'>,
  options: LookupOptions,
): Promise<Sighting> {
  const ours = publicKeyIn(key.publicRecord);
  const name = `${key.selector}._domainkey.${key.domain}`; // RFC 6376 §3.6.2.1
  return look(eyes, name, options, (texts) => {
    if (texts.length > 1) return { found: 'another', say: `${texts.length} records; one is wanted` };
    const isOurs = ours !== undefined && publicKeyIn(texts[0] ?? '') === ours;
    return isOurs ? { found: 'ours', say: 'it is there' } : { found: 'another', say: 'another key' };
  });
}

/** The tag p= without blanks: records differ in spelling, keys do not. */
function publicKeyIn(record: string): string | undefined {
  const tags = parseTagList(record);
  return tags.ok ? tags.value.get('p')?.value.replaceAll(/\s/g, '') : undefined;
}

async function look(eyes: Eyes, text: string, options: LookupOptions, judge: Judge): Promise<Sighting> {
  const name = parseQueryName(text);
  if (name === undefined) return nothingSeen(text, 'the name is too long for the DNS');
  const { answers, second } = await answersFor(eyes, name, options);
  const witnesses = answers.map(({ server, answer }) => ({ server, ...judged(answer, judge) }));
  const ttls = answers.map(({ answer }) => (answer.kind === 'failed' ? 0 : answer.ttlSeconds));
  return { name: text, seen: verdictOf(witnesses), ttlSeconds: Math.max(0, ...ttls), witnesses, second };
}

async function answersFor(
  { authorities, resolver }: Eyes,
  name: QueryName,
  options: LookupOptions,
): Promise<{ readonly answers: readonly ServerAnswer<string>[]; readonly second: boolean }> {
  const asked = await authorities.lookup(name, 'TXT', options);
  if (asked.kind === 'asked' && asked.answers.some(({ answer }) => answer.kind !== 'failed'))
    return { answers: asked.answers, second: false };
  const answer = await resolver.lookup(name, 'TXT', options);
  return { answers: [{ server: 'the resolver', answer }], second: true };
}

function judged(answer: DnsAnswer<string>, judge: Judge): Pick<Witness, 'found' | 'say'> {
  switch (answer.kind) {
    case 'failed':
      return { found: 'no-answer', say: answer.why === 'timeout' ? 'no answer' : `no answer to use (${answer.why})` };
    case 'none':
      return { found: 'none', say: 'not there' };
    case 'found':
      return judge(answer.records);
  }
}

function verdictOf(witnesses: readonly Witness[]): Sighting['seen'] {
  const ours = witnesses.filter(({ found }) => found === 'ours').length;
  const lacking = witnesses.filter(({ found }) => found === 'another' || found === 'none').length;
  if (ours === witnesses.length && ours > 0) return 'everywhere';
  if (ours > 0) return 'somewhere';
  return lacking > 0 ? 'nowhere' : 'unclear';
}

function nothingSeen(name: string, say: string): Sighting {
  const witnesses = [{ server: 'nobody', found: 'no-answer', say } as const];
  return { name, seen: 'unclear', ttlSeconds: 0, witnesses, second: false };
}
