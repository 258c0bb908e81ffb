/** Whether the DNS shows a DKIM key of ours: who can publish it under the domain has the domain. */
import { parseQueryName } from '../../format/domain-name.ts';
import { parseTagList } from '../../format/tag-list.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import type { DkimKeyRecord } from '../../services/directory/types.ts';

export type KeyFinding = {
  readonly name: string;
  readonly found: 'ours' | 'another' | 'none' | 'no-answer';
  readonly say: string;
};

export async function findKeyRecord(
  resolver: Resolver,
  key: Pick<DkimKeyRecord, 'domain' | 'selector' | 'publicRecord'>,
  signal: AbortSignal,
): Promise<KeyFinding> {
  const name = `${key.selector}._domainkey.${key.domain}`; // RFC 6376 §3.6.2.1
  const asked = parseQueryName(name);
  if (asked === undefined) return { name, found: 'none', say: 'the name is too long for the DNS' };
  const answer = await resolver.lookup(asked, 'TXT', { signal });
  switch (answer.kind) {
    case 'failed':
      return { name, found: 'no-answer', say: `the DNS does not answer (${answer.why})` };
    case 'none':
      return { name, found: 'none', say: answer.why === 'nxdomain' ? 'not there' : 'there, but without a TXT record' };
    case 'found': {
      const ours = publicKeyIn(key.publicRecord);
      const isOurs = answer.records.length === 1 && publicKeyIn(answer.records[0] ?? '') === ours;
      if (isOurs && ours !== undefined) return { name, found: 'ours', say: 'ours' };
      const say = answer.records.length > 1 ? `${answer.records.length} records; one is wanted` : 'another key';
      return { name, found: 'another', say };
    }
  }
}

/** The tag p= without blanks: records differ in spelling, keys do not. */
function publicKeyIn(record: string): string | undefined {
  const tags = parseTagList(record);
  return tags.ok ? tags.value.get('p')?.value.replaceAll(/\s/g, '') : undefined;
}
