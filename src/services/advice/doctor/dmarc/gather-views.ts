/**
 * The same mail as receivers of RFC 9989 and of RFC 7489 judge it, by the engine that judges mail: mail that nobody vouches for, and
 * mail signed by the names around the domain.
 */
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../../../format/domain-name.ts';
import { authenticatedNothing, evaluateDmarc } from '../../../../protocol/dmarc/evaluate-dmarc.ts';
import { loadPublicSuffixes } from '../../../../protocol/dmarc/public-suffix.ts';
import { createRecordFinder, walkTree } from '../../../../protocol/dmarc/tree-walk.ts';
import type { DmarcResult } from '../../../../protocol/dmarc/types.ts';
import { wantedKeys } from '../../../setup/setup.ts';
import type { DoctorWorld, GatherSubject, KnownSender } from '../types.ts';
import { authorsOf } from './gather-below.ts';

export type View = {
  readonly author: DomainName;
  /** Whose signature passes; none: nobody vouches for the mail. */
  readonly signedBy?: DomainName;
  readonly judged: DmarcResult;
};

const authorsMax = 4;
const signersMax = 6;

export async function gatherViews(world: DoctorWorld, subject: GatherSubject): Promise<readonly View[]> {
  const { domain } = subject;
  const [senders, suffixes, walk] = await Promise.all([
    subject.senders,
    loadPublicSuffixes(),
    walkTree(domain, createRecordFinder(world.resolver)),
  ]);
  const authors = [...new Set([domain, ...senders.flatMap((sender) => authorsOf(sender, domain))])].slice(
    0,
    authorsMax,
  );
  const organizations = [suffixes.organizationalDomain(domain), walk.organizationalDomain];
  const signers = [...organizations, ...senders.flatMap(signersOf)].flatMap((name) => name ?? []);
  const isRelated = (name: DomainName) => isEqualOrBelow(name, domain) || isEqualOrBelow(domain, name);
  const vouching = [...new Set(signers)].filter((name) => name.includes('.') && isRelated(name)).slice(0, signersMax);
  return Promise.all(
    authors.flatMap((author) => [
      judge(world, author),
      ...vouching.filter((name) => name !== author).map((name) => judge(world, author, name)),
    ]),
  );
}

/** Names in the domain's own tree that sign or take bounces for a sender. */
function signersOf({ wants }: KnownSender): readonly DomainName[] {
  const keys = wantedKeys(wants).flatMap(({ name }) => name?.split('._domainkey.')[1] ?? []);
  const returns = wants.records.filter(({ purpose }) => purpose === 'return-path').map(({ name }) => name);
  return [...keys, ...returns].flatMap((name) => parseDomainName(name) ?? []);
}

async function judge(world: DoctorWorld, author: DomainName, signedBy?: DomainName): Promise<View> {
  const nothing = authenticatedNothing(author);
  const facts = signedBy ? { ...nothing, dkim: [{ result: 'pass', domain: signedBy } as const] } : nothing;
  return { author, ...(signedBy && { signedBy }), judged: await evaluateDmarc(world.resolver, facts) };
}
