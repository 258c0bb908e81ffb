/**
 * Amazon Route 53, API of 2013-04-01: XML, signed. A change batch is made whole or not at all, and a set is only deleted when it is
 * given exactly as it is held; so every change is a deletion of what was seen and a creation of what shall be, and compares by itself.
 */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { ApplyResult, EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
import { type AwsCredentials, awsAuthorization, awsTime, sha256 } from './aws-signature.ts';
import {
  createHostCaller,
  type HostAnswer,
  type HostCall,
  type HostComplaint,
  type HostResult,
  type HostWorld,
} from './call-host.ts';
import {
  createHostEditor,
  type ForeignSet,
  type HostChange,
  type HostListing,
  type HostZone,
  type ListedSet,
} from './host-editor.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { childOf, parseXml, textIn, type XmlElement, xmlText } from './strict-xml.ts';

type Zone = HostZone & { readonly id: string };
/** The values as Route 53 writes them. */
type Listed = { readonly held: ListedSet<string> } | { readonly foreign: ForeignSet } | 'other';

const host = 'Route 53';
const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';
const pageSets = 300;
const pagesMax = 100;
/** Of the values in one batch. */
const batchCharactersMax = 32_000;
const batchRecordsMax = 1_000;
/** Of one TXT record's text, quotes and escapes counted. */
const textCharactersMax = 4_000;
const scope = { region: 'us-east-1', service: 'route53' }; // of the one global service

export function createRoute53Editor(world: HostWorld, credentials: AwsCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://route53.amazonaws.com/2013-04-01',
    secrets: [credentials.secretAccessKey, credentials.sessionToken ?? ''],
    authorize: ({ method, url, body = '', headers = {} }) => {
      const signed = {
        ...headers,
        host: url.host,
        'x-amz-content-sha256': sha256(body),
        'x-amz-date': awsTime(world.timers.nowMs()),
        ...(credentials.sessionToken ? { 'x-amz-security-token': credentials.sessionToken } : {}),
      };
      const authorization = awsAuthorization({ method, url, headers: signed, body }, credentials, scope);
      return accept({ ...signed, authorization, accept: 'application/xml' });
    },
    complaint,
  });
  return createHostEditor<Zone, string>({
    kind: 'route53',
    host,
    ability: { atomic: true, compares: true },
    cannotHold: (type, value) =>
      type === 'TXT' && textFor(type, value).length > textCharactersMax
        ? `a text of more than ${textCharactersMax} characters`
        : undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

/** The answer's document, when it is the one that was asked for. */
function documentOf(answer: HostResult<HostAnswer>, name: string): HostResult<XmlElement> {
  if (!answer.ok) return answer;
  const root = parseXml(answer.value.text);
  return root?.name === name
    ? accept(root)
    : refuse('unavailable', `${host} gave half an answer, or one that is not as it documents`);
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<Zone>> {
  const path = `/hostedzonesbyname?dnsname=${name}.&maxitems=100`;
  const answer = documentOf(await call({ method: 'GET', path }, options), 'ListHostedZonesByNameResponse');
  if (!answer.ok) return answer;
  const zones = (childOf(answer.value, 'HostedZones')?.children ?? [])
    .filter((zone) => textIn(zone, 'Name') === `${name}.` && textIn(childOf(zone, 'Config'), 'PrivateZone') !== 'true')
    .map((zone) => (textIn(zone, 'Id') ?? '').replace('/hostedzone/', ''));
  const [id, ...others] = zones;
  if (id === undefined) return refuse('no-such-zone', `${host} has no public zone ${name} in this account`);
  if (others.length > 0)
    return refuse(
      'refused',
      `${host} has ${zones.length} public zones ${name} in this account (${zones.join(', ')}): delete those that are not used`,
    );
  return accept({ id, name, ttl: { least: 0, most: 0x7fff_ffff } });
}

async function list(call: HostCall, zone: Zone, options: EditorOptions): Promise<HostResult<HostListing<string>>> {
  const sets: ListedSet<string>[] = [];
  const foreign: ForeignSet[] = [];
  let from = '';
  for (let page = 1; page <= pagesMax; page++) {
    const path = `/hostedzone/${zone.id}/rrset?maxitems=${pageSets}${from}`;
    const answer = documentOf(await call({ method: 'GET', path }, options), 'ListResourceRecordSetsResponse');
    if (!answer.ok) return answer;
    for (const element of childOf(answer.value, 'ResourceRecordSets')?.children ?? []) {
      const listed = setOf(element);
      if (listed === undefined) return refuse('unavailable', `${host} names a record of ${zone.name} that is none`);
      if (listed === 'other') continue;
      if ('held' in listed) sets.push(listed.held);
      else foreign.push(listed.foreign);
    }
    if (textIn(answer.value, 'IsTruncated') !== 'true') return accept({ sets, foreign });
    from = nextOf(answer.value);
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageSets} record sets at ${host}`);
}

function nextOf(answer: XmlElement): string {
  const fields = { name: 'NextRecordName', type: 'NextRecordType', identifier: 'NextRecordIdentifier' };
  return Object.entries(fields)
    .flatMap(([name, field]) => {
      const value = textIn(answer, field);
      return value === undefined ? [] : [`&${name}=${encodeURIComponent(value)}`];
    })
    .join('');
}

function setOf(element: XmlElement): Listed | undefined {
  const [name, type] = [nameOf(textIn(element, 'Name') ?? ''), textIn(element, 'Type') ?? ''];
  if (!isSetupType(type)) return 'other';
  if (childOf(element, 'AliasTarget')) return { foreign: { name, type, what: 'an alias' } };
  if (childOf(element, 'SetIdentifier')) return { foreign: { name, type, what: 'under a routing policy' } };
  const tags = (childOf(element, 'ResourceRecords')?.children ?? []).map((record) => textIn(record, 'Value') ?? '');
  const values = tags.map((text) => valueFromHost(type, type === 'TXT' ? octalToDecimal(text) : text));
  const ttl = Number(textIn(element, 'TTL') ?? Number.NaN);
  if (!Number.isInteger(ttl) || values.length === 0) return undefined;
  return { held: { name, type, ttl, values, tags } };
}

/** Octets that are no letters, digits, dashes or underscores come as `\052`, in octal. */
function nameOf(text: string): string {
  const plain = text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return plain.replace(/\.$/, '').toLowerCase();
}

/** Route 53's escapes in texts are octal where zone text has decimal ones. */
function octalToDecimal(text: string): string {
  return text.replace(/\\([0-7]{3}|.)/gs, (all, escaped: string) =>
    escaped.length === 3 ? `\\${String(Number.parseInt(escaped, 8)).padStart(3, '0')}` : all,
  );
}

function textFor(type: HostChange<string>['type'], value: string): string {
  const text = textForHost(type, value);
  if (type !== 'TXT') return text;
  return text.replace(/\\([0-9]{3}|.)/gs, (all, escaped: string) =>
    escaped.length === 3 ? `\\${Number(escaped).toString(8).padStart(3, '0')}` : all,
  );
}

async function write(
  call: HostCall,
  zone: Zone,
  changes: readonly HostChange<string>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  const parts = changes.flatMap(({ name, type, held, after }) => [
    ...(held ? [{ action: 'DELETE', name, type, ttl: held.ttl, texts: held.tags }] : []),
    ...(after
      ? [{ action: 'CREATE', name, type, ttl: after.ttl, texts: after.values.map((value) => textFor(type, value)) }]
      : []),
  ]);
  const texts = parts.flatMap((part) => part.texts);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > batchCharactersMax || texts.length > batchRecordsMax) {
    const say = `${host} takes ${batchRecordsMax} records and ${batchCharactersMax} characters at once, not ${texts.length} and ${characters}: publish in parts`;
    return { ok: false, code: 'refused', say, done: 0 };
  }
  if (parts.length === 0) return { ok: true, done: changes.length };
  const body = `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="${namespace}"><ChangeBatch><Changes>${parts.map(changeXml).join('')}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
  const path = `/hostedzone/${zone.id}/rrset`;
  const answer = await call({ method: 'POST', path, headers: { 'content-type': 'application/xml' }, body }, options);
  const made = documentOf(answer, 'ChangeResourceRecordSetsResponse');
  return made.ok ? { ok: true, done: changes.length } : { ok: false, code: made.code, say: made.say, done: 0 };
}

type Change = {
  readonly action: string;
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly texts: readonly string[];
};

function changeXml({ action, name, type, ttl, texts }: Change): string {
  const records = texts.map((text) => `<ResourceRecord><Value>${xmlText(text)}</Value></ResourceRecord>`).join('');
  const set = `<Name>${xmlText(name)}.</Name><Type>${type}</Type><TTL>${ttl}</TTL><ResourceRecords>${records}</ResourceRecords>`;
  return `<Change><Action>${action}</Action><ResourceRecordSet>${set}</ResourceRecordSet></Change>`;
}

const throttles = ['Throttling', 'ThrottlingException', 'PriorRequestNotComplete'];

function complaint({ text }: HostAnswer): HostComplaint {
  const root = parseXml(text);
  const error = childOf(root, 'Error');
  const code = textIn(error, 'Code') ?? root?.name ?? '';
  const message = textIn(error, 'Message') ?? textIn(childOf(root, 'Messages'), 'Message');
  const say = message === undefined ? undefined : `${message} (${code})`;
  if (throttles.includes(code)) return { say, code: 'rate-limited' };
  const isOther = code === 'InvalidChangeBatch' && /not found|already exists|do not match/.test(message ?? '');
  return { say, code: isOther ? 'changed-meanwhile' : undefined };
}
