/**
 * May reports about one domain go to an address of another? Without this check anybody could have a victim flooded with reports.
 * RFC 9990 ("Verifying External Destinations"). In: the domain whose record asks, and the address. Out: where to send, if at all.
 */
import { printable } from '../../base/printable.ts';
import { type DomainName, parseQueryName } from '../../format/domain-name.ts';
import { parseTagList, type TagList } from '../../format/tag-list.ts';
import type { Resolver } from '../dns/types.ts';
import { isDmarcRecord } from './record.ts';
import { parseReportUris, type ReportUri } from './report-uri.ts';
import { createRecordFinder, walkTree } from './tree-walk.ts';

/** An address that reports can be mailed to. */
export type ReportAddress = ReportUri & Required<Pick<ReportUri, 'mailbox'>>;

export type ReportDestination =
  /** `to` is the address asked for, or what its host puts in its place. */
  | { readonly kind: 'allowed'; readonly external: boolean; readonly to: readonly ReportAddress[] }
  | { readonly kind: 'refused'; readonly why: string }
  /** A failure of the DNS: ask again later. */
  | { readonly kind: 'unknown'; readonly why: string };

export async function verifyReportDestination(
  resolver: Resolver,
  wanted: { readonly policyDomain: DomainName; readonly address: ReportAddress },
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReportDestination> {
  const { policyDomain, address } = wanted;
  const host = address.mailbox.domain;
  const find = createRecordFinder(resolver, options);
  const asking = (await walkTree(policyDomain, find)).organizationalDomain;
  const receiving = host === policyDomain ? asking : (await walkTree(host, find)).organizationalDomain;
  if (host === policyDomain || (asking !== undefined && asking === receiving)) {
    return { kind: 'allowed', external: false, to: [address] };
  }
  if (asking === undefined || receiving === undefined)
    return { kind: 'unknown', why: 'the DNS failed on the tree walk' };
  const name = parseQueryName(`${policyDomain}._report._dmarc.${host}`);
  if (name === undefined) return { kind: 'refused', why: 'the name to ask for would be too long' };
  const answer = await resolver.lookup(name, 'TXT', options);
  if (answer.kind === 'failed') return { kind: 'unknown', why: `${name}: the DNS failed (${answer.why})` };
  const permits = answer.kind === 'found' ? answer.records.flatMap(readPermit) : [];
  if (permits.length === 0) return { kind: 'refused', why: `${name} has no "v=DMARC1" record` };
  return redirected(address, permits);
}

/** A bare `v=DMARC1` is enough, and several records are fine. */
function readPermit(text: string): readonly TagList[] {
  if (!isDmarcRecord(text)) return [];
  const tags = parseTagList(text, { broken: 'skip' });
  return tags.ok ? [tags.value] : [];
}

/** The host may name other addresses, but only its own: everything else would pass the flood on. */
function redirected(address: ReportAddress, permits: readonly TagList[]): ReportDestination {
  const overriding = permits.flatMap((tags) => parseReportUris(tags.get('rua')?.value ?? '').uris);
  const foreign = overriding.find((one) => one.mailbox?.domain !== address.mailbox.domain);
  if (foreign !== undefined)
    return { kind: 'refused', why: `redirected to another host: ${printable(foreign.uri, 80)}` };
  const to = overriding.flatMap((one) => (one.mailbox ? [{ ...one, mailbox: one.mailbox }] : []));
  return { kind: 'allowed', external: true, to: to.length > 0 ? to : [address] };
}
