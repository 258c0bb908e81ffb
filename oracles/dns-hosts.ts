/**
 * Our requests to DNS hosts beside those of the vendors' own clients: both do the same to the same replayed host, and method, path,
 * query and body have to be equal; signatures are checked by the host. Then the vendor's client reads what we wrote.
 */
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createAzureEditor } from '../src/adapters/zones/azure.ts';
import type { HostWorld } from '../src/adapters/zones/call-host.ts';
import { createCloudflareEditor } from '../src/adapters/zones/cloudflare.ts';
import { createGoogleEditor } from '../src/adapters/zones/google.ts';
import { createOvhEditor } from '../src/adapters/zones/ovh.ts';
import { createRoute53Editor } from '../src/adapters/zones/route53.ts';
import { parseXml, type XmlElement } from '../src/adapters/zones/strict-xml.ts';
import type { RecordSet } from '../src/services/setup/types.ts';
import type { ZoneEditor } from '../src/services/setup/zone-editor.ts';
import { changeOf, contractZone, set } from '../test/contracts/zone-editor.ts';
import { azureCredentials, azureReplay, azureToken } from '../test/support/dns-hosts/azure.ts';
import { cloudflareReplay, cloudflareToken } from '../test/support/dns-hosts/cloudflare.ts';
import { googleAccount, googleReplay, googleToken } from '../test/support/dns-hosts/google.ts';
import { ovhCredentials, ovhReplay } from '../test/support/dns-hosts/ovh.ts';
import { jsonBody, noTime, type Replay, type ReplayRequest } from '../test/support/dns-hosts/replay.ts';
import { route53Credentials, route53Replay } from '../test/support/dns-hosts/route53.ts';
import type { AnyComparison, Report } from './judge.ts';

// ---- What is done: a text in two strings comes, an alias changes, exchangers go; a service, where the host takes its parts apart

const selector = `s1._domainkey.${contractZone}`;
const key = `v=DKIM1; k=rsa; p=${'MIIBIjANBgkq/+0'.repeat(18)}`;
const [head, tail] = [key.slice(0, 255), key.slice(255)];
const oldAlias = set(`bounce.${contractZone}`, 'CNAME', ['old.example']);
const newAlias = set(`bounce.${contractZone}`, 'CNAME', ['new.example'], 600);
const exchangers = set(contractZone, 'MX', ['10 mx1.posthorn.example']);
const newKey = set(selector, 'TXT', [key]);
const service = set(`_submission._tcp.${contractZone}`, 'SRV', ['0 1 587 mail.posthorn.example']);
const before = [oldAlias, exchangers];
const changes = [
  changeOf(undefined, newKey),
  changeOf(oldAlias, newAlias),
  changeOf(exchangers, undefined),
  changeOf(undefined, service),
];

/** What a client answers is its own; we look at it with these. */
type Loose = { readonly [name: string]: Loose } & ((...given: unknown[]) => Loose) & { readonly [at: number]: Loose };
type Modules = (name: string) => Promise<Loose>;
const construct = (made: Loose, ...given: unknown[]): Loose =>
  Reflect.construct(made as unknown as new (...given: unknown[]) => Loose, given);

type Vendor = {
  readonly packageName: string;
  readonly replay: (sets: readonly RecordSet[]) => Replay;
  readonly editor: (world: HostWorld) => ZoneEditor;
  /** The same zone found, read and changed by the vendor's client. */
  readonly theirs: (load: Modules, replay: Replay, url: string) => Promise<void>;
  /** Texts at the selector, as the vendor's client reads them. */
  readonly texts: (load: Modules, replay: Replay, url: string) => Promise<unknown>;
  readonly expected: unknown;
};

async function collect(list: Loose): Promise<Loose[]> {
  const items: Loose[] = [];
  for await (const item of list as unknown as AsyncIterable<Loose>) items.push(item);
  return items;
}

const cloudflareClient = async (load: Modules, url: string) =>
  construct((await load('cloudflare')).default as Loose, { apiToken: cloudflareToken, baseURL: `${url}/client/v4` });

const cloudflare: Vendor = {
  packageName: 'cloudflare',
  replay: cloudflareReplay,
  editor: (world) => createCloudflareEditor(world, { token: cloudflareToken }),
  theirs: async (load, _replay, url) => {
    const client = await cloudflareClient(load, url);
    const zones = await collect(client.zones?.list?.({ name: contractZone }) as Loose);
    const zone_id = zones[0]?.id;
    const records = client.dns?.records as Loose;
    const held = await collect(records.list?.({ zone_id, page: 1, per_page: 1000 }) as Loose);
    const idOf = (type: string) => held.find((record) => String(record.type) === type)?.id;
    await records.batch?.({
      zone_id,
      deletes: [{ id: idOf('MX') }],
      patches: [
        { id: idOf('CNAME'), name: oldAlias.name, type: 'CNAME', ttl: 600, content: 'new.example', proxied: false },
      ],
      posts: [
        { name: selector, type: 'TXT', ttl: 3600, content: `"${head}" "${tail}"` },
        {
          name: service.name,
          type: 'SRV',
          ttl: 3600,
          data: { priority: 0, weight: 1, port: 587, target: 'mail.posthorn.example' },
        },
      ],
    });
  },
  texts: async (load, _replay, url) => {
    const client = await cloudflareClient(load, url);
    const zones = await collect(client.zones?.list?.({ name: contractZone }) as Loose);
    const held = await collect(client.dns?.records?.list?.({ zone_id: zones[0]?.id }) as Loose);
    return held.filter((record) => String(record.name) === selector).map((record) => record.content);
  },
  expected: [`"${head}" "${tail}"`],
};

const route53Client = async (load: Modules, url: string) => {
  const { Route53Client } = await load('@aws-sdk/client-route-53');
  return construct(Route53Client as Loose, { region: 'us-east-1', endpoint: url, credentials: route53Credentials });
};
const awsSet = (one: RecordSet, values: readonly string[]) => ({
  Name: `${one.name}.`,
  Type: one.type,
  TTL: one.ttl,
  ResourceRecords: values.map((Value) => ({ Value })),
});

const route53: Vendor = {
  packageName: '@aws-sdk/client-route-53',
  replay: route53Replay,
  editor: (world) => createRoute53Editor(world, route53Credentials),
  theirs: async (load, _replay, url) => {
    const sdk = await load('@aws-sdk/client-route-53');
    const client = await route53Client(load, url);
    const send = (command: string, input: unknown) =>
      client.send?.(construct(sdk[command] as Loose, input)) as unknown as Promise<Loose>;
    const zones = await send('ListHostedZonesByNameCommand', { DNSName: `${contractZone}.`, MaxItems: 100 });
    const zone = (zones.HostedZones as unknown as Loose[]).find(
      (one) => String(one.Name) === `${contractZone}.` && !one.Config?.PrivateZone,
    );
    const HostedZoneId = zone?.Id;
    await send('ListResourceRecordSetsCommand', { HostedZoneId, MaxItems: 300 });
    const change = (Action: string, ResourceRecordSet: unknown) => ({ Action, ResourceRecordSet });
    await send('ChangeResourceRecordSetsCommand', {
      HostedZoneId,
      ChangeBatch: {
        Changes: [
          change('CREATE', awsSet(newKey, [`"${head}" "${tail}"`])),
          change('DELETE', awsSet(oldAlias, ['old.example.'])),
          change('CREATE', awsSet(newAlias, ['new.example.'])),
          change('DELETE', awsSet(exchangers, ['10 mx1.posthorn.example.'])),
          change('CREATE', awsSet(service, ['0 1 587 mail.posthorn.example.'])),
        ],
      },
    });
  },
  texts: async (load, _replay, url) => {
    const sdk = await load('@aws-sdk/client-route-53');
    const client = await route53Client(load, url);
    const input = { HostedZoneId: 'Z2P70J7EXAMPLE', StartRecordName: selector, StartRecordType: 'TXT', MaxItems: 1 };
    const answer = (await client.send?.(construct(sdk.ListResourceRecordSetsCommand as Loose, input))) as Loose;
    return answer.ResourceRecordSets?.[0]?.ResourceRecords;
  },
  expected: [{ Value: `"${head}" "${tail}"` }],
};

/** The client goes to Google's address over TLS only, so its base is changed; its token is one that we give it. */
const googleClient = async (load: Modules, url: string) => {
  const [{ DNS }, { OAuth2Client }] = await Promise.all([load('@google-cloud/dns'), load('google-auth-library')]);
  const authClient = construct(OAuth2Client as Loose);
  Object.assign(authClient, { credentials: { access_token: googleToken, expiry_date: Date.now() + 3_600_000 } });
  const client = construct(DNS as Loose, { projectId: 'mail-project', authClient });
  Object.assign(client, { baseUrl: `${url}/dns/v1` });
  return client;
};

const google: Vendor = {
  packageName: '@google-cloud/dns',
  replay: googleReplay,
  editor: (world) => createGoogleEditor(world, googleAccount),
  theirs: async (load, _replay, url) => {
    const client = await googleClient(load, url);
    const listed = (await client.getZones?.({ dnsName: `${contractZone}.` })) as unknown as readonly Loose[][];
    const zones = listed[0] ?? [];
    const zone = zones.find((one) => String(one.metadata?.visibility) === 'public') as Loose;
    await zone.getRecords?.({ maxResults: 1000 });
    const record = (one: RecordSet, data: readonly string[]) =>
      zone.record?.(one.type.toLowerCase(), { name: `${one.name}.`, ttl: one.ttl, data });
    await zone.createChange?.({
      add: [
        record(newKey, [`"${head}" "${tail}"`]),
        record(newAlias, ['new.example.']),
        record(service, ['0 1 587 mail.posthorn.example.']),
      ],
      delete: [record(oldAlias, ['old.example.']), record(exchangers, ['10 mx1.posthorn.example.'])],
    });
  },
  texts: async (load, _replay, url) => {
    const client = await googleClient(load, url);
    const listed = (await client.zone?.('posthorn-zone')?.getRecords?.('TXT')) as unknown as readonly Loose[][];
    return (listed[0] ?? []).filter((one) => String(one.metadata?.name) === `${selector}.`).flatMap((one) => one.data);
  },
  expected: [`"${head}" "${tail}"`],
};

/** The client sends its token over TLS only, so it gets a transport of ours; it is bound for Microsoft's own address. */
const azureClient = async (load: Modules, replay: Replay) => {
  const [{ DnsManagementClient }, { createHttpHeaders }] = await Promise.all([
    load('@azure/arm-dns'),
    load('@azure/core-rest-pipeline'),
  ]);
  const httpClient = {
    sendRequest: async (request: Loose) => {
      const headers = Object.fromEntries(request.headers as unknown as Iterable<[string, string]>);
      const url = new URL(String(request.url));
      const body = (request.body ?? '') as unknown as string;
      const answer = await replay.exchange(
        url,
        { method: String(request.method), headers, body },
        new AbortController().signal,
      );
      return { request, status: answer.status, headers: createHttpHeaders?.(answer.headers), bodyAsText: answer.text };
    },
  };
  const credential = { getToken: async () => ({ token: azureToken, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return construct(DnsManagementClient as Loose, credential, azureCredentials.subscription, { httpClient });
};

const azure: Vendor = {
  packageName: '@azure/arm-dns',
  replay: azureReplay,
  editor: (world) => createAzureEditor(world, azureCredentials),
  theirs: async (load, replay) => {
    const client = await azureClient(load, replay);
    const at = [azureCredentials.resourceGroup, contractZone] as const;
    await client.zones?.get?.(...at);
    const sets = client.recordSets as Loose;
    const held = await collect(sets.listByDnsZone?.(...at, { top: 100 }) as Loose);
    const etagOf = (type: string, name: string) =>
      held.find((one) => String(one.type).endsWith(`/${type}`) && String(one.name) === name)?.etag;
    const metadata = { team: 'mail' };
    await sets.createOrUpdate?.(
      ...at,
      's1._domainkey',
      'TXT',
      { ttl: 3600, txtRecords: [{ value: [head, tail] }] },
      { ifNoneMatch: '*' },
    );
    await sets.createOrUpdate?.(
      ...at,
      'bounce',
      'CNAME',
      { ttl: 600, metadata, cnameRecord: { cname: 'new.example' } },
      { ifMatch: etagOf('CNAME', 'bounce') },
    );
    await sets.delete?.(...at, '@', 'MX', { ifMatch: etagOf('MX', '@') });
    const srvRecords = [{ priority: 0, weight: 1, port: 587, target: 'mail.posthorn.example' }];
    await sets.createOrUpdate?.(...at, '_submission._tcp', 'SRV', { ttl: 3600, srvRecords }, { ifNoneMatch: '*' });
  },
  texts: async (load, replay) => {
    const client = await azureClient(load, replay);
    const one = await client.recordSets?.get?.(azureCredentials.resourceGroup, contractZone, 's1._domainkey', 'TXT');
    return one?.txtRecords;
  },
  expected: [{ value: [head, tail] }],
};

/** The client knows no other transport than TLS to a name, so `https.request` itself is lent to the replayed host meanwhile. */
async function overReplay<T>(replay: Replay, work: () => Promise<T>): Promise<T> {
  const own = https.request;
  const lent = (options: https.RequestOptions, done: (response: unknown) => void) => {
    const sent = new PassThrough();
    const parts: Buffer[] = [];
    sent.on('data', (part: Buffer) => parts.push(part));
    sent.on('end', async () => {
      const headers = Object.fromEntries(
        Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]),
      );
      const request = { method: options.method ?? '', headers, body: Buffer.concat(parts).toString() };
      const answer = await replay.exchange(
        new URL(`https://${options.host}${options.path}`),
        request,
        new AbortController().signal,
      );
      const response = Object.assign(new PassThrough(), { statusCode: answer.status });
      done(response);
      response.end(answer.text);
    });
    return sent;
  };
  Object.assign(https, { request: lent });
  try {
    return await work();
  } finally {
    Object.assign(https, { request: own });
  }
}

const ovhClient = async (load: Modules) => {
  const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, endpoint } = ovhCredentials;
  return (await load('ovh')).default?.({ appKey, appSecret, consumerKey, endpoint }) as Loose;
};

const ovh: Vendor = {
  packageName: 'ovh',
  replay: (sets) => ovhReplay(sets, () => Math.floor(Date.now() / 1000)),
  editor: (world) =>
    createOvhEditor({ ...world, timers: { ...world.timers, nowMs: () => Date.now() } }, ovhCredentials),
  theirs: async (load, replay) => {
    const client = await ovhClient(load);
    const zone = `/domain/zone/${contractZone}`;
    const ask = (method: string, path: string, body?: unknown) =>
      client.requestPromised?.(method, `${zone}${path}`, ...(body ? [body] : [])) as unknown as Promise<Loose>;
    await overReplay(replay, async () => {
      await ask('GET', '');
      const ids = (await ask('GET', '/record')) as unknown as number[];
      const records: Loose[] = [];
      for (const id of ids) records.push(await ask('GET', `/record/${id}`));
      const idOf = (type: string) => records.find((record) => String(record.fieldType) === type)?.id;
      await ask('POST', '/record', {
        fieldType: 'TXT',
        subDomain: 's1._domainkey',
        target: `"${head}" "${tail}"`,
        ttl: 3600,
      });
      await ask('PUT', `/record/${idOf('CNAME')}`, { subDomain: 'bounce', target: 'new.example.', ttl: 600 });
      await ask('DELETE', `/record/${idOf('MX')}`);
      await ask('POST', '/record', {
        fieldType: 'SRV',
        subDomain: '_submission._tcp',
        target: '0 1 587 mail.posthorn.example.',
        ttl: 3600,
      });
      await ask('POST', '/refresh');
    });
  },
  texts: (load, replay) =>
    overReplay(replay, async () => {
      const client = await ovhClient(load);
      const ask = (path: string) =>
        client.requestPromised?.('GET', `/domain/zone/${contractZone}/record${path}`) as unknown as Promise<Loose>;
      const records: Loose[] = [];
      for (const id of (await ask('')) as unknown as number[]) records.push(await ask(`/${id}`));
      return records.filter((record) => String(record.subDomain) === 's1._domainkey').map((record) => record.target);
    }),
  expected: [`"${head}" "${tail}"`],
};

/** The replayed host over HTTP on loopback. */
async function listen(replay: Replay): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
    const headers = incoming.headers as Record<string, string>;
    const request = { method: incoming.method ?? '', headers, body: Buffer.concat(parts).toString('utf8') };
    const { status, headers: fields, text } = await replay.exchange(url, request, new AbortController().signal);
    const type = text.startsWith('<') ? 'text/xml' : 'application/json; charset=utf-8';
    outgoing.writeHead(status, { 'content-type': type, ...fields }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// ---- The comparison

type Seen = { readonly what: string; readonly body: unknown; readonly conditions: unknown };

/** What counts of a request: signatures and the like were checked by the host. */
function seenOf({ method, url, headers, body }: ReplayRequest): Seen {
  const query = [...url.searchParams].map(([name, value]) => `${name}=${value}`).sort();
  const read = body.startsWith('<') ? plainXml(parseXml(body)) : (jsonBody(body) ?? body);
  const conditions = { 'if-match': headers['if-match'], 'if-none-match': headers['if-none-match'] };
  return {
    what: `${method} ${decodeURIComponent(url.pathname).toLowerCase()} ${query.join('&')}`,
    body: read,
    conditions,
  };
}

const plainXml = (element: XmlElement | undefined): unknown =>
  element && [element.name, element.text, element.children.map(plainXml)];

/** Paging parameters that a client adds or leaves out, kinds that name themselves, and which token was fetched where: no difference. */
function comparable(requests: readonly ReplayRequest[]): readonly Seen[] {
  return requests.filter(({ url }) => !/\/token$|\/auth\/time$/.test(url.pathname)).map(seenOf);
}

const pageBeyond = 'the client asks on until a page is empty; `total_pages` has said before that there is none';
const isPageBeyond = (vendor: Vendor, what: string) => vendor === cloudflare && /[ &]page=2\b/.test(what);

const patienceMs = 20_000;

/** A client that tries again and again is a difference as well. */
async function compareInTime(vendor: Vendor): Promise<Report> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no end after ${patienceMs / 1000} s`)), patienceMs);
  try {
    return await Promise.race([compare(vendor), promise]);
  } catch (error) {
    const say = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
    return { peer: vendor.packageName, same: 0, explained: new Map(), unexplained: [say] };
  } finally {
    clearTimeout(timer);
  }
}

async function compare(vendor: Vendor): Promise<Report> {
  const load: Modules = async (name) => (await import(name)) as Loose;
  const report = {
    peer: vendor.packageName,
    same: 0,
    explained: new Map<string, number>(),
    unexplained: [] as string[],
  };
  try {
    await load(vendor.packageName);
  } catch {
    return { ...report, skipped: `${vendor.packageName} is not installed (npm ci --prefix oracles)` };
  }
  const [ours, theirs] = [vendor.replay(before), vendor.replay(before)];
  const applied = await vendor
    .editor({ exchange: ours.exchange, timers: noTime, base: ours.base })
    .apply(contractZone, changes);
  if (!applied.ok) return { ...report, unexplained: [`we could not: ${applied.say}`] };
  const [ourPlace, theirPlace] = [await listen(ours), await listen(theirs)];
  try {
    const mine = comparable(ours.requests);
    await vendor.theirs(load, theirs, theirPlace.url);
    const asked = comparable(theirs.requests);
    const others = asked.filter(({ what }) => !isPageBeyond(vendor, what));
    if (others.length < asked.length) report.explained.set(pageBeyond, asked.length - others.length);
    for (let at = 0; at < Math.max(mine.length, others.length); at++) {
      if (isDeepStrictEqual(mine[at], others[at])) report.same++;
      else
        report.unexplained.push(
          `request ${at + 1}\nOURS: ${JSON.stringify(mine[at])}\nTHEY: ${JSON.stringify(others[at])}`,
        );
    }
    const read = JSON.parse(JSON.stringify(await vendor.texts(load, ours, ourPlace.url)));
    if (isDeepStrictEqual(read, vendor.expected)) report.same++;
    else report.unexplained.push(`read of what we wrote: ${JSON.stringify(read)}`);
  } finally {
    ourPlace.close();
    theirPlace.close();
  }
  return report;
}

export const dnsHosts: AnyComparison = {
  name: 'dns-hosts',
  cases: changes.length,
  run: async () => {
    const reports: Report[] = [];
    for (const vendor of [cloudflare, route53, google, azure, ovh]) reports.push(await compareInTime(vendor));
    return reports;
  },
};
