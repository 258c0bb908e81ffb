/** Amazon Route 53 as it is documented: XML, signatures checked, change batches whole or not at all, texts with octal escapes. */
import { type AwsCredentials, awsAuthorization } from '../../../src/adapters/zones/aws-signature.ts';
import type { RecordSet, SetupType } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import {
  isZoneText,
  quotedText,
  type Replay,
  type ReplayAnswer,
  type ReplayRequest,
  replayOf,
  unquotedText,
  withDot,
} from './replay.ts';

export const route53Credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const zoneId = 'Z2P70J7EXAMPLE';
const pageMax = 100;
const namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

/** `name` as Route 53 shows it; `alias`: without TTL and values. */
type Stored = {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
  readonly alias?: string;
};

const fail = (status: number, code: string, message: string): ReplayAnswer => ({
  status,
  body: `<?xml version="1.0"?>\n<ErrorResponse ${namespace}><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></ErrorResponse>`,
});
const document = (name: string, inner: string): ReplayAnswer => ({
  status: 200,
  body: `<?xml version="1.0"?>\n<${name} ${namespace}>${inner}</${name}>`,
});

export function route53Replay(sets: readonly RecordSet[]): Replay {
  let held: readonly Stored[] = [
    {
      name: `${contractZone}.`,
      type: 'SOA',
      ttl: 900,
      values: ['ns1.host.example. hostmaster.host.example. 1 7200 900 1209600 86400'],
    },
    { name: `old.${contractZone}.`, type: 'A', ttl: 0, values: [], alias: 'dualstack.balancer.example.' },
  ];
  const put = ({ name, type, ttl, values }: RecordSet) => {
    const owner = shownName(name);
    held = held.filter((set) => set.name !== owner || set.type !== type);
    if (values.length > 0)
      held = [...held, { name: owner, type, ttl, values: values.map((value) => shownText(type, value)) }];
  };
  put({ name: contractZone, type: 'NS', ttl: 172_800, values: contractNameServers });
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => held.filter(({ type, alias }) => type === 'SOA' || alias !== undefined),
    complaints: {
      denied: fail(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
      limited: fail(400, 'Throttling', 'Rate exceeded'),
      broken: { status: 503, body: '<html>Service Unavailable</html>' },
    },
    handle: (request) => {
      const { method, url, body } = request;
      const signature = signatureProblem(request);
      if (signature) return signature;
      if (method === 'GET' && url.pathname === '/2013-04-01/hostedzonesbyname') return zonesByName(url);
      if (url.pathname !== `/2013-04-01/hostedzone/${zoneId}/rrset`)
        return fail(404, 'NoSuchHostedZone', 'No hosted zone found');
      if (method === 'GET') return page(url, held);
      const changed = change(body, held);
      if ('status' in changed) return changed;
      held = changed.sets;
      return document(
        'ChangeResourceRecordSetsResponse',
        '<ChangeInfo><Id>/change/C2682N5HXP0BZ4</Id><Status>PENDING</Status><SubmittedAt>2026-11-22T16:30:00Z</SubmittedAt></ChangeInfo>',
      );
    },
  });
}

function shownName(name: string): string {
  return `${name.replace(/[^a-z0-9._-]/g, (octet) => `\\${octet.charCodeAt(0).toString(8).padStart(3, '0')}`)}.`;
}

function shownText(type: SetupType, value: string): string {
  if (type !== 'TXT') return withDot(type, value);
  return quotedText(value).replace(
    /\\(\d{3})/g,
    (_all, decimal: string) => `\\${Number(decimal).toString(8).padStart(3, '0')}`,
  );
}

/** Whatever header fields the caller chose to sign: with them its signature has to come out again. */
function signatureProblem({ method, url, headers, body }: ReplayRequest): ReplayAnswer | undefined {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/us-east-1\/route53\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
      headers.authorization ?? '',
    );
  if (found === null) return fail(403, 'MissingAuthenticationToken', 'Missing Authentication Token');
  const names = found[2]?.split(';') ?? [];
  if (found[1] !== route53Credentials.accessKeyId || !names.includes('host') || !names.includes('x-amz-date'))
    return fail(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  const signed = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));
  const scope = { region: 'us-east-1', service: 'route53' };
  const expected = awsAuthorization({ method, url, headers: signed, body }, route53Credentials, scope);
  if (expected === headers.authorization) return undefined;
  return fail(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  );
}

function zonesByName(url: URL): ReplayAnswer {
  const asked = (url.searchParams.get('dnsname') ?? '').replace(/\.$/, '');
  const zone = (id: string, name: string, isPrivate: boolean) =>
    `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}.</Name><CallerReference>x</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config><ResourceRecordSetCount>9</ResourceRecordSetCount></HostedZone>`;
  // It answers with the zones from that name on, whether there is one of the name or not.
  const zones = asked <= contractZone ? zone('ZPRIVATE', contractZone, true) + zone(zoneId, contractZone, false) : '';
  return document(
    'ListHostedZonesByNameResponse',
    `<HostedZones>${zones}${zone('ZOTHER', 'zz-other.example', false)}</HostedZones><DNSName>${asked}.</DNSName><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>`,
  );
}

const orderOf = ({ name, type }: { readonly name: string; readonly type: string }) =>
  `${name.split('.').reverse().join('.')} ${type}`;

function page({ searchParams }: URL, held: readonly Stored[]): ReplayAnswer {
  const name = searchParams.get('name');
  const from =
    name === null
      ? ''
      : orderOf({ name: shownName(decodedName(name).replace(/\.$/, '')), type: searchParams.get('type') ?? '' });
  const sets = [...held]
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
    .filter((set) => orderOf(set) >= from);
  const most = Math.min(Number(searchParams.get('maxitems') ?? 300), pageMax);
  const next = sets[most];
  const more = next
    ? `<NextRecordName>${escaped(next.name)}</NextRecordName><NextRecordType>${next.type}</NextRecordType>`
    : '';
  return document(
    'ListResourceRecordSetsResponse',
    `<ResourceRecordSets>${sets.slice(0, most).map(setXml).join('')}</ResourceRecordSets><IsTruncated>${next !== undefined}</IsTruncated>${more}<MaxItems>${most}</MaxItems>`,
  );
}

function setXml({ name, type, ttl, values, alias }: Stored): string {
  const what = alias
    ? `<AliasTarget><HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>${alias}</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>`
    : `<TTL>${ttl}</TTL><ResourceRecords>${values.map((value) => `<ResourceRecord><Value>${escaped(value)}</Value></ResourceRecord>`).join('')}</ResourceRecords>`;
  return `<ResourceRecordSet><Name>${escaped(name)}</Name><Type>${type}</Type>${what}</ResourceRecordSet>`;
}

const changeForm =
  /^<Change><Action>(CREATE|DELETE)<\/Action><ResourceRecordSet><Name>([^<]+)<\/Name><Type>([A-Z]+)<\/Type><TTL>(\d+)<\/TTL><ResourceRecords>((?:<ResourceRecord><Value>[^<]*<\/Value><\/ResourceRecord>)+)<\/ResourceRecords><\/ResourceRecordSet><\/Change>/;

function change(body: string, held: readonly Stored[]): { readonly sets: readonly Stored[] } | ReplayAnswer {
  const form = new RegExp(
    `^<\\?xml version="1.0" encoding="UTF-8"\\?><ChangeResourceRecordSetsRequest ${namespace}><ChangeBatch><Changes>(.*)</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>$`,
    's',
  );
  let rest = form.exec(body)?.[1];
  if (!rest) return fail(400, 'MalformedInput', 'Unexpected element');
  let sets = held;
  while (rest !== '') {
    const found: RegExpExecArray | null = changeForm.exec(rest);
    if (found === null) return fail(400, 'MalformedInput', `Unexpected element at ${rest.slice(0, 60)}`);
    rest = rest.slice(found[0].length);
    const [, action, name, type = '', ttl, records = ''] = found;
    const values = [...records.matchAll(/<Value>([^<]*)<\/Value>/g)].map((value) => unescaped(value[1] ?? ''));
    const set = {
      name: shownName(decodedName(unescaped(name ?? '')).replace(/\.$/, '')),
      type,
      ttl: Number(ttl),
      values,
    };
    const next = action === 'CREATE' ? created(sets, set) : deleted(sets, set);
    if (!Array.isArray(next)) return next as ReplayAnswer;
    sets = next as readonly Stored[];
  }
  return { sets };
}

const invalid = (message: string) => fail(400, 'InvalidChangeBatch', `[${message}]`);

function created(sets: readonly Stored[], set: Stored): readonly Stored[] | ReplayAnswer {
  const what = `resource record set [name='${set.name}', type='${set.type}']`;
  if (sets.some(({ name, type }) => name === set.name && type === set.type))
    return invalid(`Tried to create ${what} but it already exists`);
  const beside = sets.filter(({ name }) => name === set.name);
  if (beside.some(({ type }) => type === 'CNAME') || (set.type === 'CNAME' && beside.length > 0))
    return invalid(
      `RRSet of type CNAME with DNS name ${set.name} is not permitted as it conflicts with other records with the same DNS name in zone ${contractZone}.`,
    );
  const bad = set.values.find((value) =>
    set.type === 'TXT' ? unquotedText(value, 8) === undefined : !isZoneText(set.type, value),
  );
  if (bad !== undefined)
    return invalid(
      `Invalid Resource Record: FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '${bad}'`,
    );
  return [...sets, set];
}

function deleted(sets: readonly Stored[], set: Stored): readonly Stored[] | ReplayAnswer {
  const what = `resource record set [name='${set.name}', type='${set.type}']`;
  const old = sets.find(({ name, type }) => name === set.name && type === set.type);
  if (old === undefined) return invalid(`Tried to delete ${what} but it was not found`);
  const isSame =
    old.ttl === set.ttl && JSON.stringify([...old.values].sort()) === JSON.stringify([...set.values].sort());
  return isSame
    ? sets.filter((one) => one !== old)
    : invalid(`Tried to delete ${what} but the values provided do not match the current values`);
}

function decodedName(name: string): string {
  return name.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(#(\d+)|[a-z]+);/g, (_all, name: string, code?: string) =>
    code ? String.fromCharCode(Number(code)) : (named[name] ?? ''),
  );
}
