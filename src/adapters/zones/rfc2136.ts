/**
 * `ZoneEditor` over a name server that takes dynamic updates (RFC 2136) and hands the zone out (AXFR, RFC 5936), both over TCP and
 * signed with one key (RFC 8945): BIND, Knot, PowerDNS, Windows' own. What a set holds goes along as a condition of each update, so
 * the server compares, and makes all changes or none.
 */
import type { Timers } from '../../base/clock.ts';
import { accept, Fault, type Outcome, refuse } from '../../base/outcome.ts';
import type { Connection, Endpoint, Net } from '../../base/port/net.ts';
import type { Random } from '../../base/random.ts';
import { type DnsName, dnsNameKey, dnsNameOf, dnsNameText, parseDnsName } from '../../format/dns-name.ts';
import { type DnsRecord, recordShapes, typeCodeOf } from '../../format/dns-record.ts';
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../format/domain-name.ts';
import { haveSameValues, recordsOfSet, setsOfRecords } from '../../format/record-set.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import {
  classIn,
  type DnsMessage,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  framed,
  rcodes,
} from '../../protocol/dns/message-codec.ts';
import { signMessage, type TsigKey, TsigStream, type TsigVerdict } from '../../protocol/dns/tsig.ts';
import { encodeUpdate, type SetUpdate } from '../../protocol/dns/update-message.ts';
import type { RecordChange, ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { ApplyResult, EditorOptions, ZoneContents, ZoneEditor } from '../../services/setup/zone-editor.ts';

export type Rfc2136Options = {
  readonly net: Net;
  readonly timers: Timers;
  readonly random: Random;
  readonly server: Endpoint;
  readonly key: TsigKey;
  /** Asked for its SOA where absent. */
  readonly zone?: DomainName;
};

type Result<T> = Outcome<T, ZoneEditorRefusal>;

/** For one exchange, a transfer included. (Our choice.) */
const exchangeMs = 30_000;
/** RFC 5936 sets none; a zone of mail and web names has hundreds. */
const zoneOctetsMax = 64 * 1024 * 1024;
const typeAxfr = 252;

export function rfc2136Editor(options: Rfc2136Options): ZoneEditor {
  return {
    kind: 'rfc2136',
    ability: { atomic: true, compares: true },
    read: (domain, { signal } = {}) => within(options, signal, (connection) => readZone(options, connection, domain)),
    apply: (zone, changes, wait) => applyTo(options, { zone, changes }, wait),
  };
}

async function readZone(
  options: Rfc2136Options,
  connection: Exchange,
  domain: DomainName,
): Promise<Result<ZoneContents>> {
  const zone = await findZone(options, connection, domain);
  if (!zone.ok) return zone;
  const records = await transfer(connection, zone.value);
  if (!records.ok) return records;
  const sets = setsOfRecords(records.value);
  const nameServers = sets.flatMap(({ name, type, values }) => (name === zone.value && type === 'NS' ? values : []));
  return accept({ zone: zone.value, sets, nameServers });
}

async function applyTo(
  options: Rfc2136Options,
  wanted: { readonly zone: DomainName; readonly changes: readonly RecordChange[] },
  { signal }: EditorOptions = {},
): Promise<ApplyResult> {
  const { zone, changes } = wanted;
  const done = await within(options, signal, async (connection) => {
    const found = await findZone(options, connection, zone);
    if (!found.ok) return found;
    if (found.value !== zone) return refuse('no-such-zone', `${zone} is no zone of this server.`);
    const records = await transfer(connection, zone);
    if (!records.ok) return records;
    const updates = updatesOf(records.value, changes);
    if (!updates.ok) return updates;
    return changes.length === 0 ? accept(0) : update(connection, zone, updates.value);
  });
  return done.ok ? { ok: true, done: changes.length } : { ...done, done: 0 };
}

/** The conditions have to be what the server holds to the octet: two strings of a text are not the same as one. */
function updatesOf(records: readonly DnsRecord[], changes: readonly RecordChange[]): Result<readonly SetUpdate[]> {
  const sets = setsOfRecords(records);
  const updates: SetUpdate[] = [];
  for (const { name, type, before, after } of changes) {
    const now = sets.find((set) => set.name === name && set.type === type);
    if (!haveSameValues(now, before))
      return refuse('changed-meanwhile', `${name} ${type} is not what it was when the change was planned.`);
    const owner = parseDnsName(name);
    const coming = after === undefined ? [] : recordsOfSet(after);
    if (owner === undefined || coming === undefined)
      return refuse('not-supported', `${name} ${type} has no form on the wire.`);
    const { code } = recordShapes[type];
    const held = records.filter((one) => typeCodeOf(one.data) === code && dnsNameKey(one.name) === name);
    updates.push({ name: owner, type: code, before: held.map(({ data }) => data), after: coming });
  }
  return accept(updates);
}

// ---- what is asked

async function findZone(options: Rfc2136Options, exchange: Exchange, domain: DomainName): Promise<Result<DomainName>> {
  const none = refuse('no-such-zone', `The server ${exchange.server} has no zone that ${domain} lies in.`);
  if (options.zone !== undefined) return isEqualOrBelow(domain, options.zone) ? accept(options.zone) : none;
  const asked = await exchange.ask(query(dnsNameOf(domain), recordShapes.SOA.code));
  if (!asked.ok) return asked;
  const { rcode, answers, authorities, authoritative } = asked.value;
  if (rcode === rcodes.refused || rcode === rcodeNotAuth) return none;
  if (rcode !== rcodes.noError && rcode !== rcodes.nameError) return refuse('unavailable', saidText(exchange, rcode));
  const soa = [...answers, ...authorities].find(({ data }) => data.type === 'SOA');
  const zone = soa && authoritative ? parseDomainName(dnsNameText(soa.name)) : undefined;
  return zone !== undefined && isEqualOrBelow(domain, zone) ? accept(zone) : none;
}

/** RFC 5936 §2.2: between the SOA record and itself, over as many messages as it takes. */
async function transfer(exchange: Exchange, zone: DomainName): Promise<Result<readonly DnsRecord[]>> {
  const records: DnsRecord[] = [];
  let soas = 0;
  let octets = 0;
  const read = await exchange.askMany(query(dnsNameOf(zone), typeAxfr), (message, size) => {
    octets += size;
    if (message.rcode !== rcodes.noError)
      return refuse(codeOfTransfer(message.rcode), transferText(exchange, message.rcode, zone));
    if (octets > zoneOctetsMax) return refuse('refused', `${zone} is larger than ${zoneOctetsMax} octets.`);
    for (const record of message.answers) {
      if (record.data.type === 'SOA') soas++;
      else if (soas === 1) records.push(record);
      else return refuse('unavailable', `The transfer of ${zone} from ${exchange.server} does not begin with its SOA.`);
    }
    return soas >= 2 ? 'end' : 'more';
  });
  return read.ok ? accept(records) : read;
}

function codeOfTransfer(rcode: number): ZoneEditorRefusal {
  if (rcode === rcodes.refused) return 'bad-credentials';
  return rcode === rcodeNotAuth ? 'no-such-zone' : 'unavailable';
}

function transferText(exchange: Exchange, rcode: number, zone: DomainName): string {
  return rcode === rcodes.refused
    ? `The server ${exchange.server} does not hand ${zone} out to the key ${exchange.keyName} (AXFR).`
    : saidText(exchange, rcode);
}

async function update(exchange: Exchange, zone: DomainName, updates: readonly SetUpdate[]): Promise<Result<number>> {
  const octets = encodeUpdate(exchange.newId(), dnsNameOf(zone), updates);
  if (octets === undefined)
    return refuse('not-supported', 'These are more changes than one update holds; make them in parts.');
  const answer = await exchange.ask(octets);
  if (!answer.ok) return answer;
  const { rcode } = answer.value;
  if (rcode === rcodes.noError) return accept(updates.length);
  if (conditionRcodes.has(rcode))
    return refuse('changed-meanwhile', `${zone} was changed while the update was on its way.`);
  if (rcode === rcodes.refused || rcode === rcodeNotAuth)
    return refuse(
      'bad-credentials',
      `The server ${exchange.server} takes no update of ${zone} from the key ${exchange.keyName}.`,
    );
  return refuse(rcode === rcodes.serverFailure ? 'unavailable' : 'refused', saidText(exchange, rcode));
}

const rcodeNotAuth = 9; // RFC 2136 §2.2
/** NXDOMAIN, YXDOMAIN, YXRRSET, NXRRSET: a condition was not met. RFC 2136 §3.2 */
const conditionRcodes: ReadonlySet<number> = new Set([3, 6, 7, 8]);
const rcodeNames: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  4: 'NOTIMP',
  5: 'REFUSED',
  9: 'NOTAUTH',
  10: 'NOTZONE',
};

function saidText({ server }: Exchange, rcode: number): string {
  return `The server ${server} said ${rcodeNames[rcode] ?? `RCODE ${rcode}`}.`;
}

function query(name: DnsName, type: number): (id: number) => Uint8Array | undefined {
  return (id) => encodeMessage({ ...emptyMessage(id), questions: [{ name, type, class: classIn }] });
}

// ---- one connection

type Make = Uint8Array | ((id: number) => Uint8Array | undefined);
type Take = (message: DnsMessage, octets: number) => 'more' | 'end' | Extract<Result<never>, { readonly ok: false }>;

async function within<T>(
  { net, timers, random, server, key }: Rfc2136Options,
  outer: AbortSignal | undefined,
  work: (exchange: Exchange) => Promise<Result<T>>,
): Promise<Result<T>> {
  const late = new AbortController();
  const disarm = timers.after(exchangeMs, () => late.abort());
  const signal = outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]);
  const name = `${server.address}:${server.port}`;
  let connection: Connection | undefined;
  const stop = () => connection?.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) return refuse('unavailable', `The server ${name} was given up.`);
    connection = await net.dial(server, { signal });
    return await work(new Exchange({ connection, timers, random, key, server: name, signal }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuse(
      'unavailable',
      signal.aborted
        ? `The server ${name} did not answer in time.`
        : `The server ${name} cannot be reached (${error.code}).`,
    );
  } finally {
    signal.removeEventListener('abort', stop);
    disarm();
    connection?.destroy();
  }
}

type ExchangeOptions = {
  readonly connection: Connection;
  readonly timers: Timers;
  readonly random: Random;
  readonly key: TsigKey;
  readonly server: string;
  readonly signal: AbortSignal;
};

/** Signed questions and checked answers, one after the other on one connection. */
class Exchange {
  readonly #options: ExchangeOptions;
  readonly #frames = new FrameReader();
  readonly #waiting: Uint8Array[] = [];

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  get server(): string {
    return this.#options.server;
  }

  get keyName(): string {
    return dnsNameText(this.#options.key.name);
  }

  newId(): number {
    const [high = 0, low = 0] = this.#options.random.bytes(2);
    return (high << 8) | low;
  }

  async ask(make: Make): Promise<Result<DnsMessage>> {
    let answer: DnsMessage | undefined;
    const asked = await this.askMany(make, (message) => {
      answer = message;
      return 'end';
    });
    if (!asked.ok) return asked;
    return answer === undefined ? refuse('unavailable', `The server ${this.server} did not answer.`) : accept(answer);
  }

  /** What `take` is given counts only when this has answered well: a signature may vouch for messages before it. */
  async askMany(make: Make, take: Take): Promise<Result<'asked'>> {
    const { connection, key, timers } = this.#options;
    const octets = make instanceof Uint8Array ? make : make(this.newId());
    if (octets === undefined) return refuse('refused', 'The question has no form on the wire.');
    const id = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
    const signed = signMessage(octets, key, timers.nowMs());
    await connection.write(framed(signed.octets));
    const stream = new TsigStream(key, signed.mac);
    for (;;) {
      const reply = await this.#next();
      if (reply === undefined) return refuse('unavailable', this.#silence());
      const message = decodeMessage(reply);
      if (message === undefined || !message.isResponse || message.id !== id)
        return refuse('unavailable', `The server ${this.server} answered with nonsense.`);
      const verdict = stream.check(reply, timers.nowMs());
      if (verdict !== 'good' && verdict !== 'between') return this.#distrust(verdict, message.rcode);
      const taken = take(message, reply.length);
      if (typeof taken === 'object') return taken;
      if (taken === 'end' && verdict === 'good') return accept('asked');
      if (taken === 'end') return refuse('unavailable', `The last answer of ${this.server} is not signed.`);
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0) {
      const octets = await this.#options.connection.read();
      if (octets === undefined) return undefined;
      this.#waiting.push(...this.#frames.push(octets));
    }
    return this.#waiting.shift();
  }

  #silence(): string {
    const { server, signal } = this.#options;
    return signal.aborted ? `The server ${server} did not answer in time.` : `The server ${server} broke off.`;
  }

  #distrust(
    verdict: Exclude<TsigVerdict, 'good' | 'between'>,
    rcode: number,
  ): Extract<Result<never>, { readonly ok: false }> {
    const { server } = this.#options;
    switch (verdict) {
      case 'bad-key':
        return refuse('bad-credentials', `The server ${server} does not know the key ${this.keyName}.`);
      case 'bad-signature':
        return refuse(
          'bad-credentials',
          `The server ${server} has another secret or algorithm for the key ${this.keyName}.`,
        );
      case 'bad-time':
      case 'late':
        return refuse('bad-credentials', `The clocks here and at ${server} differ by more than five minutes.`);
      case 'unsigned':
        // Knot's way of saying that it has no such zone. Nothing but a no is believed without a signature. RFC 8945 §5.3
        return rcode === rcodes.refused || rcode === rcodeNotAuth
          ? refuse('no-such-zone', `The server ${server} has no such zone, or none for the key ${this.keyName}.`)
          : refuse('unavailable', `The answer of ${server} is not signed.`);
      case 'forged':
        return refuse('unavailable', `The answer of ${server} is signed with another key.`);
    }
  }
}
