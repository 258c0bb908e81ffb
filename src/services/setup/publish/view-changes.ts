/** What the authoritative servers show of changes: each of them asked for each changed set. */
import { eachAtOnce } from '../../../base/at-once.ts';
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { canonicalValue } from '../../../format/record-set.ts';
import type { Authorities, ServerAnswer } from '../../../protocol/dns/authorities.ts';
import type { LookupOptions, RecordData } from '../../../protocol/dns/types.ts';
import type { RecordChange, RecordSet, SetupType } from '../types.ts';
import type { ChangeView, ServerView, Shown } from './types.ts';

/** Changed sets that servers are asked for side by side. */
const sideBySide = 8;

export function viewChanges(
  authorities: Authorities,
  changes: readonly RecordChange[],
  options: LookupOptions,
): Promise<readonly ChangeView[]> {
  return eachAtOnce(changes, sideBySide, (change) => viewChange(authorities, change, options));
}

async function viewChange(authorities: Authorities, change: RecordChange, options: LookupOptions): Promise<ChangeView> {
  const name = parseQueryName(change.name);
  if (name === undefined) return { change, servers: [], say: 'no server can be asked for this name' };
  const asked = await lookUp(authorities, name, change.type, options);
  if (asked.kind === 'failed') return { change, servers: [], say: asked.say };
  return { change, servers: asked.answers.map((answer) => viewOf(change, answer)) };
}

type Values = { readonly kind: 'asked'; readonly answers: readonly ServerAnswer<string>[] };

async function lookUp(
  authorities: Authorities,
  name: QueryName,
  type: SetupType,
  options: LookupOptions,
): Promise<Values | { readonly kind: 'failed'; readonly say: string }> {
  const asked = await authorities.lookup(name, type, options);
  if (asked.kind === 'failed') return asked;
  const answers = asked.answers.map(({ server, answer }) => {
    if (answer.kind !== 'found') return { server, answer };
    return { server, answer: { ...answer, records: answer.records.map((data) => valueText(type, data)) } };
  });
  return { kind: 'asked', answers };
}

function viewOf({ type, before, after }: RecordChange, { server, answer }: ServerAnswer<string>): ServerView {
  if (answer.kind === 'failed') return { server, shows: 'silent', oldTtlSeconds: 0 };
  // What stands at the end of an alias is not what stands at the name: there the set is not.
  const isBeyond = answer.kind === 'found' && answer.canonicalName !== undefined && type !== 'CNAME';
  const values = answer.kind === 'found' && !isBeyond && !server.includes(' > ') ? answer.records : [];
  const isSame = (set: RecordSet | undefined) => {
    const spelled = (set?.values ?? []).map((value) => canonicalValue(type, value) ?? value);
    return spelled.length === new Set(values).size && spelled.every((value) => values.includes(value));
  };
  const isTtlOnly = before !== undefined && after !== undefined && isSame(before) && isSame(after);
  const shows: Shown = isTtlOnly
    ? ttlShows(before, after, answer.ttlSeconds)
    : isSame(after)
      ? 'new'
      : isSame(before)
        ? 'old'
        : 'other';
  return { server, shows, oldTtlSeconds: before?.ttl ?? (answer.kind === 'none' ? answer.ttlSeconds : 0) };
}

/** What has gone through a cache is less than it was. */
function ttlShows(before: RecordSet, after: RecordSet, ttlSeconds: number): Shown {
  return (after.ttl > before.ttl ? ttlSeconds > before.ttl : ttlSeconds <= after.ttl) ? 'new' : 'old';
}

/** Data as the value of a set. */
function valueText<T extends SetupType>(type: T, data: RecordData[T]): string {
  return canonicalValue(type, textOf(type, data)) ?? textOf(type, data);
}

function textOf(type: SetupType, data: RecordData[SetupType]): string {
  if (typeof data === 'string') return data === '' && type !== 'TXT' ? '.' : data;
  if ('preference' in data) return `${data.preference} ${data.exchange || '.'}`;
  if ('usage' in data)
    return `${data.usage} ${data.selector} ${data.matching} ${Buffer.from(data.data).toString('hex')}`;
  if ('tag' in data) return `${data.flags} ${data.tag} "${data.value.replace(/["\\]/g, '\\$&')}"`;
  return `${data.priority} ${data.weight} ${data.port} ${data.target || '.'}`;
}

/** Whether every server that says anything shows the new state, and at least one does. */
export function isSeenEverywhere(views: readonly ChangeView[]): boolean {
  return views.every(({ servers }) => servers.length > 0 && servers.every(({ shows }) => shows === 'new'));
}

export function isSpoiled(views: readonly ChangeView[]): boolean {
  return views.some(({ servers }) => servers.some(({ shows }) => shows === 'other'));
}
