/**
 * OVHcloud's API, version 1: signed requests, records numbered and read one by one. What is changed is published only when the zone is
 * asked to be refreshed. Its panel calls some texts SPF, DKIM or DMARC; in the zone they are TXT records like others.
 */
import { createHash } from 'node:crypto';
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SetupType } from '../../services/setup/types.ts';
import type { ApplyResult, EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
import {
  answered,
  createHostCaller,
  type HostAnswer,
  type HostCall,
  type HostComplaint,
  type HostRequest,
  type HostResult,
  type HostWorld,
  jsonRequest,
} from './call-host.ts';
import {
  absoluteName,
  createHostEditor,
  type HeldRecord,
  type HostChange,
  type HostListing,
  type HostZone,
  heldSets,
  relativeName,
} from './host-editor.ts';
import { type MakeStep, makeChanges, type SingleRecord } from './host-steps.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { fieldOf, jsonOf, numberOf, textOf, textsOf } from './json-values.ts';

export type OvhEndpoint = keyof typeof endpoints;
export type OvhCredentials = {
  readonly endpoint: OvhEndpoint;
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
};

type Held = HeldRecord<number>;

const host = 'OVHcloud';
const endpoints = {
  'ovh-eu': 'https://eu.api.ovh.com/1.0',
  'ovh-ca': 'https://ca.api.ovh.com/1.0',
  'ovh-us': 'https://api.us.ovhcloud.com/1.0',
} as const;
const recordsMax = 5_000;
/** Asked for side by side. */
const sideBySide = 8;
/** A record with TTL 0 has the zone's own, which is this unless somebody changed it. */
const usualTtl = 3600;

export function isOvhEndpoint(text: string): text is OvhEndpoint {
  return Object.hasOwn(endpoints, text);
}

export function createOvhEditor(world: HostWorld, credentials: OvhCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: endpoints[credentials.endpoint],
    secrets: [credentials.applicationSecret, credentials.consumerKey],
    authorize: signer(world, credentials),
    complaint,
  });
  return createHostEditor<HostZone, number>({
    kind: 'ovh',
    host,
    ability: { atomic: false, compares: false },
    cannotHold: (type, value) =>
      type === 'TXT' && !/^[\x20-\x7e]*$/.test(value) ? 'its texts are plain ASCII' : undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

/** The host's clock is asked once: a signature holds for a short time only. */
function signer(world: HostWorld, { endpoint, applicationKey, applicationSecret, consumerKey }: OvhCredentials) {
  const ask = createHostCaller(world, {
    host,
    base: endpoints[endpoint],
    secrets: [],
    authorize: () => accept({}),
    complaint,
  });
  const ownSeconds = () => Math.floor(world.timers.nowMs() / 1000);
  let aheadSeconds: number | undefined;
  return async ({ method, url, body = '' }: HostRequest & { readonly url: URL }, options: EditorOptions) => {
    if (aheadSeconds === undefined) {
      const time = answered(host, await ask({ method: 'GET', path: '/auth/time' }, options), (seconds) =>
        typeof seconds === 'number' ? seconds : undefined,
      );
      if (!time.ok) return time;
      aheadSeconds = time.value - ownSeconds();
    }
    const timestamp = String(ownSeconds() + aheadSeconds);
    const text = [applicationSecret, consumerKey, method, url.href, body, timestamp].join('+');
    return accept({
      'x-ovh-application': applicationKey,
      'x-ovh-consumer': consumerKey,
      'x-ovh-timestamp': timestamp,
      'x-ovh-signature': `$1$${createHash('sha1').update(text, 'utf8').digest('hex')}`,
    });
  };
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<HostZone>> {
  return answered(host, await call({ method: 'GET', path: `/domain/zone/${name}` }, options), (body) => {
    const servers = textsOf(body, 'nameServers');
    const nameServers = servers?.map((server) => server.replace(/\.$/, '').toLowerCase());
    return nameServers && { name, nameServers, ttl: { least: 60, most: 0x7fff_ffff } };
  });
}

async function list(call: HostCall, zone: HostZone, options: EditorOptions): Promise<HostResult<HostListing<number>>> {
  const path = `/domain/zone/${zone.name}/record`;
  const ids = answered(host, await call({ method: 'GET', path }, options), (body) =>
    Array.isArray(body) && body.every((id) => Number.isSafeInteger(id)) ? (body as readonly number[]) : undefined,
  );
  if (!ids.ok) return ids;
  if (ids.value.length > recordsMax)
    return refuse('refused', `${zone.name} has more than ${recordsMax} records at ${host}`);
  const records: Held[] = [];
  for (let at = 0; at < ids.value.length; at += sideBySide) {
    const some = ids.value.slice(at, at + sideBySide).map(async (id) => {
      const answer = await call({ method: 'GET', path: `${path}/${id}` }, options);
      if (!answer.ok && answer.code === 'no-such-zone') return accept(null); // deleted since the list was made
      return answered(host, answer, (body) => recordOf(body, zone.name));
    });
    for (const read of await Promise.all(some)) {
      if (!read.ok) return read;
      if (read.value !== null) records.push(read.value);
    }
  }
  return accept({ sets: heldSets(records) });
}

/** Names for texts that the panel checks before it takes them. */
const textTypes = ['SPF', 'DKIM', 'DMARC'];

/** Null for a type that no plan holds. */
function recordOf(body: unknown, zone: string): Held | null | undefined {
  const [id, fieldType, sub] = [numberOf(body, 'id'), textOf(body, 'fieldType'), fieldOf(body, 'subDomain') ?? ''];
  const [target, ttl] = [textOf(body, 'target'), numberOf(body, 'ttl')];
  if (id === undefined || fieldType === undefined || target === undefined || ttl === undefined) return undefined;
  const type = textTypes.includes(fieldType) ? 'TXT' : fieldType;
  if (!isSetupType(type)) return null;
  if (typeof sub !== 'string') return undefined;
  const value = valueFromHost(type, target, zone);
  return { name: absoluteName(sub, zone), type, ttl: ttl === 0 ? usualTtl : ttl, value, tag: id };
}

async function write(
  call: HostCall,
  zone: HostZone,
  changes: readonly HostChange<number>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  const made = await makeChanges(changes, makeStep(call, zone), options);
  if (made.done === 0) return made; // nothing to publish; what was taken back stays as it was
  const refreshed = await call({ method: 'POST', path: `/domain/zone/${zone.name}/refresh` }, options);
  if (refreshed.ok || !made.ok) return made;
  const say = `${refreshed.say}; the changes are saved, but not published before the zone is refreshed`;
  return { ok: false, code: refreshed.code, say, done: made.done };
}

function makeStep(call: HostCall, { name: zone }: HostZone): MakeStep<number> {
  const path = `/domain/zone/${zone}/record`;
  const fields = ({ name, type, ttl, value }: SingleRecord) => ({
    subDomain: relativeName(name, zone, ''),
    target: targetFor(type, value),
    ttl,
  });
  return async (step, options) => {
    if (step.kind === 'create') {
      const body = { fieldType: step.to.type, ...fields(step.to) };
      return answered(host, await call(jsonRequest('POST', path, body), options), (record) => numberOf(record, 'id'));
    }
    const one = `${path}/${step.tag}`;
    const answer =
      step.kind === 'delete'
        ? await call({ method: 'DELETE', path: one }, options)
        : await call(jsonRequest('PUT', one, fields(step.to)), options);
    if (!answer.ok && answer.code === 'no-such-zone')
      return refuse('changed-meanwhile', `${step.from.name} ${step.from.type} is no longer at ${host}`);
    return answer.ok ? accept(undefined) : answer;
  };
}

function targetFor(type: SetupType, value: string): string {
  return textForHost(type, value);
}

function complaint({ status, text }: HostAnswer): HostComplaint {
  const body = jsonOf(text);
  const [say, kind] = [textOf(body, 'message'), textOf(body, 'class') ?? textOf(body, 'errorCode')];
  const isSignature = status === 400 && /signature|timestamp/i.test(`${say} ${kind}`);
  return { say: kind === undefined ? say : `${say} (${kind})`, code: isSignature ? 'bad-credentials' : undefined };
}
