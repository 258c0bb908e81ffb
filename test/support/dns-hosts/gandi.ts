/** Gandi's LiveDNS v5 as it is documented: record sets below the zone, one call each. */
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import {
  isZoneText,
  jsonBody,
  quotedText,
  type Replay,
  type ReplayAnswer,
  type ReplayRequest,
  replayOf,
  withDot,
  wrongFields,
} from './replay.ts';

export const gandiToken = 'gandi-pat-0123456789abcdef';
const pageMax = 100;

type Stored = {
  readonly rrset_name: string;
  readonly rrset_type: string;
  readonly rrset_ttl: number;
  readonly rrset_values: readonly string[];
};

const fail = (code: number, cause: string, message: string): ReplayAnswer => ({
  status: code,
  body: { code, message, object: `HTTP${cause.replaceAll(' ', '')}`, cause },
});
const invalid = (name: string, description: string): ReplayAnswer => ({
  status: 400,
  body: { status: 'error', errors: [{ location: 'body', name, description }] },
});

export function gandiReplay(sets: readonly RecordSet[]): Replay {
  const zone: { held: readonly Stored[] } = { held: [] };
  const put = (set: RecordSet) => {
    const rrset_name = set.name === contractZone ? '@' : set.name.slice(0, -contractZone.length - 1);
    zone.held = zone.held.filter((one) => one.rrset_name !== rrset_name || one.rrset_type !== set.type);
    const rrset_values = set.values.map((value) =>
      set.type === 'TXT' ? quotedText(value) : belowZone(withDot(set.type, value)),
    );
    if (rrset_values.length > 0)
      zone.held = [...zone.held, { rrset_name, rrset_type: set.type, rrset_ttl: set.ttl, rrset_values }];
  };
  zone.held = [
    { rrset_name: 'spool', rrset_type: 'SSHFP', rrset_ttl: 10_800, rrset_values: [`4 2 ${'ab'.repeat(32)}`] },
  ];
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => zone.held.filter(({ rrset_type }) => rrset_type === 'SSHFP'),
    complaints: {
      denied: fail(401, 'Unauthorized', `The server could not verify that you authorized to access ${gandiToken}.`),
      limited: fail(429, 'Too Many Requests', 'Too many requests.'),
      broken: fail(500, 'Internal Server Error', 'Something went wrong.'),
    },
    handle: (request) => handle(request, zone),
  });
}

/** Names of the zone are shown below it. */
function belowZone(text: string): string {
  return text.replace(`.${contractZone}.`, '');
}

function handle(request: ReplayRequest, zone: { held: readonly Stored[] }): ReplayAnswer {
  const { method, url, headers, body } = request;
  if (headers.authorization !== `Bearer ${gandiToken}`)
    return fail(
      401,
      'Unauthorized',
      'The server could not verify that you authorized to access the document you requested.',
    );
  const [, fqdn, rest = ''] = /^\/v5\/livedns\/domains\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
  if (fqdn !== contractZone) return fail(404, 'Not Found', 'The resource could not be found.');
  if (rest === '')
    return {
      status: 200,
      body: { fqdn, automatic_snapshots: true, domain_href: url.href, domain_records_href: `${url.href}/records` },
    };
  if (rest === '/nameservers') return { status: 200, body: contractNameServers };
  if (rest === '/records' && method === 'GET') return page(url, zone.held);
  const [, name, type] = /^\/records\/([^/]+)\/([A-Z]+)$/.exec(decodeURIComponent(rest)) ?? [];
  if (name === undefined || type === undefined) return fail(404, 'Not Found', 'The resource could not be found.');
  const old = zone.held.find((set) => set.rrset_name === name && set.rrset_type === type);
  const others = zone.held.filter((set) => set !== old);
  if (method === 'DELETE') {
    zone.held = others;
    return old ? { status: 204 } : fail(404, 'Not Found', "Can't find the DNS record in the domain");
  }
  if (method === 'POST' && old) return fail(409, 'Conflict', 'A DNS Record already exists with same name and type');
  const problem = objection(jsonBody(body), { name, type, others });
  if (problem) return problem;
  zone.held = [
    ...others,
    { rrset_name: name, rrset_type: type, ...(jsonBody(body) as Pick<Stored, 'rrset_ttl' | 'rrset_values'>) },
  ];
  return { status: 201, body: { message: 'DNS Record Created' } };
}

function page(url: URL, held: readonly Stored[]): ReplayAnswer {
  const number = Number(url.searchParams.get('page') ?? 1);
  const most = Math.min(Number(url.searchParams.get('per_page') ?? pageMax), pageMax);
  const items = held
    .slice((number - 1) * most, number * most)
    .map((set) => ({ ...set, rrset_href: `${url.origin}${url.pathname}/${set.rrset_name}/${set.rrset_type}` }));
  return { status: 200, headers: { 'total-count': String(held.length) }, body: items };
}

function objection(
  body: unknown,
  { name, type, others }: { readonly name: string; readonly type: string; readonly others: readonly Stored[] },
): ReplayAnswer | undefined {
  const wrong = wrongFields(body, ['rrset_values'], ['rrset_ttl']);
  if (wrong.length > 0) return invalid(wrong[0] as string, 'Required, or not known');
  const { rrset_ttl, rrset_values } = body as Stored;
  if (rrset_ttl < 300 || rrset_ttl > 2_592_000)
    return invalid('rrset_ttl', `${rrset_ttl} is not between 300 and 2592000`);
  const bad = rrset_values.find((text) => !isZoneText(type, text));
  if (bad !== undefined) return invalid('rrset_values', `${bad} is not valid for a record of type ${type}`);
  const beside = others.filter((set) => set.rrset_name === name);
  if (beside.some((set) => (set.rrset_type === 'CNAME') !== (type === 'CNAME')))
    return invalid('rrset_type', 'A CNAME record cannot stand beside others');
  return undefined;
}
