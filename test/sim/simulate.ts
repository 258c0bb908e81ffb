/**
 * One run of the simulated world: two offices, four foreign hosts, people and strangers who send, and everything that can break,
 * breaking. Then nothing breaks any more, time runs until all is quiet, and the books are checked.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SettingName } from '../../src/app/settings.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { type Mailbox, parseMailbox } from '../../src/format/address.ts';
import type { MessageId, Sender, SendRequest } from '../../src/services/outbound/types.ts';
import { checkAll } from './checks.ts';
import { dialogueOf } from './clients.ts';
import { ForeignHost } from './hosts.ts';
import { fillerOf, Ledger, type Letter, type LetterRecipient, type Notify, textOf } from './ledger.ts';
import { Dead, Machine } from './machine.ts';
import { SimNet } from './net.ts';
import { beginsAtMs, makeTemplate, type OfficePlan, password, SimOffice } from './office.ts';
import { plugIn } from './os/machines.ts';
import { usePool } from './os/pool.ts';
import { SimDns } from './resolver.ts';
import { Schedule } from './schedule.ts';
import { Trace } from './trace.ts';
import { Watch } from './watch.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const plans: readonly OfficePlan[] = [
  { name: 'alpha', address: '192.0.2.10', domain: 'alpha.test', people: ['ada', 'otto'] },
  { name: 'beta', address: '192.0.2.20', domain: 'beta.test', people: ['bea', 'ben'] },
];

const foreign = [
  { name: 'mx.gamma.test', address: '198.51.100.1', offers: { chunking: true, dsn: false, tls: true } },
  { name: 'mx.delta.test', address: '198.51.100.2', offers: { chunking: false, dsn: true, tls: false } },
  { name: 'mx2.delta.test', address: '198.51.100.3', offers: { chunking: false, dsn: false, tls: true } },
  { name: 'mx.eta.test', address: '198.51.100.4', offers: { chunking: true, dsn: true, tls: true } },
] as const;

const zone = `
gamma.test MX 10 mx.gamma.test
mx.gamma.test A 198.51.100.1
gamma.test TXT "v=spf1 ip4:198.51.100.1 -all"
delta.test MX 10 mx.delta.test
delta.test MX 20 mx2.delta.test
mx.delta.test A 198.51.100.2
mx2.delta.test A 198.51.100.3
delta.test TXT "v=spf1 ip4:198.51.100.2 ip4:198.51.100.3 -all"
epsilon.test MX 10 mx.epsilon.test
mx.epsilon.test A 198.51.100.9
zeta.test MX 0 .
eta.test A 198.51.100.4
`;

const foreignDomains = ['gamma.test', 'delta.test', 'eta.test'];

export type Outcome = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly lastLines: readonly string[];
  readonly fingerprint: number;
  readonly letters: number;
  readonly events: number;
  readonly crashes: number;
  readonly virtualMs: number;
  readonly tookMs: number;
};

export type Templates = { readonly folder: string; readonly zone: string };

/** Before the first run. */
export async function makeTemplates(folder: string): Promise<Templates> {
  const zones: string[] = [zone];
  for (const plan of plans) zones.push(await makeTemplate(join(folder, plan.name), plan));
  return { folder, zone: zones.join('\n') };
}

/** @param print gets each line of the trace as it happens */
export async function simulate(seed: number, templates: Templates, print?: (line: string) => void): Promise<Outcome> {
  const begunMs = performance.now();
  const realTurn = globalThis.setImmediate;
  const realClear = globalThis.clearImmediate;
  const run = new Run(seed, templates, (turn) => void realTurn(turn), print);
  Object.assign(globalThis, run.schedule.turns);
  usePool(run.schedule);
  const onRejection = (error: unknown) => run.onLostError(error);
  process.on('unhandledRejection', onRejection);
  try {
    await run.play();
    return run.outcome(performance.now() - begunMs);
  } finally {
    run.tidy();
    usePool(undefined);
    Object.assign(globalThis, { setImmediate: realTurn, clearImmediate: realClear });
    process.off('unhandledRejection', onRejection);
  }
}

type House = { readonly office: SimOffice; readonly watch: Watch; starting: boolean; readonly unplug: () => void };

class Run {
  readonly schedule: Schedule;
  readonly #seed: number;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #ledger = new Ledger();
  readonly #net: SimNet;
  readonly #dns: SimDns;
  readonly #houses: readonly House[];
  readonly #hosts: readonly ForeignHost[];
  readonly #folder: string;
  readonly #giveUpAfterMs: number;
  #crashes = 0;
  #storming = true;
  #clocksWereSet = false;
  #senders = 0;
  #over = false;

  constructor(seed: number, templates: Templates, realTurn: (run: () => void) => void, print?: (line: string) => void) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.schedule = new Schedule(seededRandom(seed ^ 0x5eed), realTurn);
    this.schedule.onError = (error) => this.onLostError(error);
    this.#trace = new Trace(this.schedule, print);
    const parts = { schedule: this.schedule, random: seededRandom(seed ^ 0x9e7), trace: this.#trace };
    this.#net = new SimNet(parts);
    this.#dns = new SimDns(templates.zone, { schedule: this.schedule, random: seededRandom(seed ^ 0xd45) });
    this.#folder = join(templates.folder, `run-${seed}`);
    const lives = [2 * hour, 3 * hour, 6 * hour, 12 * hour];
    this.#giveUpAfterMs = this.#pick(lives);
    const settings = new Map<SettingName, unknown>([
      ['retry.give_up_after', `${this.#giveUpAfterMs / hour}h`],
      ['delivery.concurrency', this.#pick([3, 8, 50])],
      ['delivery.per_site', this.#pick([2, 10])],
    ]);
    this.#houses = plans.map((plan, at) => this.#build(plan, at, settings, templates));
    this.#hosts = foreign.map(
      (host) =>
        new ForeignHost(host, {
          net: this.#net,
          ledger: this.#ledger,
          mxOf: (domain) => plans.find((plan) => domain === plan.domain || domain === `bounce.${plan.domain}`)?.address,
          mayRefuseReturns: () => this.#clocksWereSet,
          onArrival: (from, recipient, mark) => this.#onArrival(from, recipient, mark),
        }),
    );
  }

  #build(plan: OfficePlan, at: number, settings: ReadonlyMap<SettingName, unknown>, templates: Templates): House {
    const folder = join(this.#folder, plan.name);
    const machine = new Machine(plan.name, folder, {
      schedule: this.schedule,
      trace: this.#trace,
      seed: this.#seed * 101 + at,
      startsAtMs: beginsAtMs,
    });
    const world = { net: this.#net, dns: this.#dns, ledger: this.#ledger, seed: this.#seed };
    const office = new SimOffice(plan, machine, world, settings);
    mkdirSync(this.#folder, { recursive: true });
    office.furnish(join(templates.folder, plan.name));
    const watch = new Watch(machine, this.#ledger, Math.min(hour, this.#giveUpAfterMs / 5));
    const house: House = { office, watch, starting: false, unplug: plugIn(machine) };
    machine.onIncident = (what) => watch.note(what);
    office.onRefusal = () => {
      const { life } = machine;
      // An operator reads the log, sooner or later.
      this.schedule.after(this.#between(1_000, 3 * minute), () => {
        if (life === machine.life) machine.crash('by its operator, as the store takes nothing more');
      });
    };
    machine.onCrash = (kind) => {
      this.#crashes++;
      watch.note('crash');
      watch.close();
      if (kind === 'power') this.#net.setUp(plan.address, false);
      this.schedule.after(this.#between(200, kind === 'power' ? 8 * minute : minute), () => this.#start(house));
    };
    return house;
  }

  #start(house: House): void {
    const { office, watch } = house;
    watch.look(); // what the last life has committed, and not lived to sync
    this.#net.setUp(office.plan.address, true);
    const started = office.start();
    // What dies once may well die of the same thing again.
    if (this.#storming && this.#random.float() < 0.35) this.#kill(house);
    started.catch((error) => {
      if (office.machine.life?.dead) return;
      this.#trace.say(office.plan.name, `cannot start: ${error}`);
      if (!this.#storming) this.#ledger.fail(`${office.plan.name} cannot start: ${error}`);
      office.machine.crash('after a start that failed');
    });
  }

  async play(): Promise<void> {
    void this.#conduct();
    const isOver = await this.schedule.run(() => this.#over || this.#ledger.violations.length > 0);
    if (!isOver) this.#ledger.fail('nothing is left to happen, and the run is not over');
  }

  async #conduct(): Promise<void> {
    try {
      for (const host of this.#hosts) await host.open();
      for (const house of this.#houses) this.#start(house);
      const stormMs = this.#between(10 * minute, 2 * hour);
      const letters = Math.floor(this.#between(15, 50));
      for (let at = 0; at < letters; at++) this.schedule.after(this.#random.float() * stormMs, () => this.#send());
      const faults = Math.floor(this.#between(4, 22));
      for (let at = 0; at < faults; at++)
        this.schedule.after(this.#random.float() * stormMs, () => this.#breakSomething());
      await this.schedule.sleep(stormMs);
      this.#calmDown();
      await this.#untilQuiet();
      await this.#close();
      this.#over = true;
    } catch (error) {
      this.#ledger.fail(`the simulation broke: ${error instanceof Error ? error.stack : error}`);
    }
  }

  // What goes wrong

  #breakSomething(): void {
    const { troubles } = this.#net;
    const house = this.#pick(this.#houses);
    const { machine, plan } = house.office;
    const lastsMs = this.#between(minute, 40 * minute);
    const kinds: readonly [string, number, () => void][] = [
      ['crash', 9, () => this.#kill(house)],
      ['disk', 1, () => this.#fillDisk(house, lastsMs)],
      ['sync', 1, () => this.#failSync(house)],
      ['checkpoint', 0.3, () => void machine.faults.failingCheckpoints++],
      ['clock', 1, () => this.#setClock(house)],
      ['dns', 1.5, () => this.#breakDns(lastsMs)],
      [
        'part',
        1.5,
        () => this.#net.part(this.#random.float() < 0.5 ? plan.address : this.#pick(foreign).address, lastsMs),
      ],
      ['net', 3, () => this.#during(lastsMs, troubles, { resets: 0.2, stalls: 0.1, refusals: 0.1, slow: 0.1 })],
      ['manners', 3, () => this.#spoil(lastsMs)],
    ];
    const all = kinds.reduce((sum, [, weight]) => sum + weight, 0);
    let draw = this.#random.float() * all;
    for (const [kind, weight, act] of kinds) {
      draw -= weight;
      if (draw >= 0) continue;
      if (kind !== 'crash' && kind !== 'part') this.#trace.say('world', `breaks: ${kind}`);
      act();
      return;
    }
  }

  /** Sets values, and after a while sets them back. */
  #during<T extends object>(ms: number, of: T, values: Partial<T>): void {
    Object.assign(
      of,
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          typeof value === 'number' ? value * this.#random.float() : value,
        ]),
      ),
    );
    this.schedule.after(ms, () => {
      for (const [key, value] of Object.entries(values))
        Object.assign(of, { [key]: typeof value === 'number' ? 0 : 'fine' });
    });
  }

  #kill({ office }: House): void {
    const { life } = office.machine;
    if (!life || life.dead || !this.#storming) return;
    if (this.#random.float() < 0.4)
      life.callsLeft = Math.min(life.callsLeft, 1 + Math.floor(this.#random.float() ** 2 * 60));
    else life.commitsLeft = Math.min(life.commitsLeft, 1 + Math.floor(this.#random.float() ** 2 * 14));
  }

  #fillDisk({ office, watch }: House, lastsMs: number): void {
    office.machine.disk = this.#pick(['low', 'full', 'used-up']);
    watch.note('disk');
    this.schedule.after(lastsMs, () => {
      office.machine.disk = 'fine';
      watch.note('disk');
    });
  }

  #failSync({ office, watch }: House): void {
    const kind = this.#random.float() < 0.8 ? 'failingCommits' : 'failingFileSyncs';
    office.machine.faults[kind]++;
    watch.note('sync');
  }

  #setClock({ office }: House): void {
    const byMs = this.#pick([-2 * hour, hour, 3 * hour, -30 * minute, 40 * day]);
    this.#clocksWereSet = true;
    // With deliveries under way: their leases run out by the clock alone.
    for (const host of this.#hosts) this.#during(6 * minute, host.manners, { hang: 1 });
    this.schedule.after(4 * minute, () => office.machine.setClock(byMs));
    this.schedule.after(this.#between(5 * minute, 2 * hour), () => office.machine.setClock(-byMs));
  }

  #breakDns(ms: number): void {
    if (this.#random.float() < 0.5) this.#during(ms, this.#dns.troubles, { failing: 0.5 });
    else this.#during(ms, this.#dns.troubles, { state: this.#random.float() < 0.5 ? 'silent' : 'servfail' });
  }

  #spoil(ms: number): void {
    const host = this.#pick(this.#hosts);
    this.#during(ms, host.manners, { later: 0.4, hangUp: 0.2, hang: 0.1, nonsense: 0.1, keepSilently: 0.6 });
  }

  #calmDown(): void {
    this.#trace.say('world', 'calms down');
    this.#storming = false;
    this.#net.heal();
    Object.assign(this.#dns.troubles, { failing: 0, state: 'fine' });
    for (const host of this.#hosts) host.calmDown();
    for (const { office } of this.#houses) {
      Object.assign(office.machine.faults, { failingCommits: 0, failingCheckpoints: 0, failingFileSyncs: 0 });
      office.machine.disk = 'fine';
      if (office.machine.life) Object.assign(office.machine.life, { callsLeft: Infinity, commitsLeft: Infinity });
    }
  }

  // Who sends

  #send(): void {
    const draw = this.#random.float();
    const work = draw < 0.35 ? this.#byApi() : draw < 0.7 ? this.#bySubmission() : this.#byStranger();
    this.#senders++;
    work.then(
      () => this.#senders--,
      (error) => this.#ledger.fail(`a sender broke: ${error instanceof Error ? error.stack : error}`),
    );
  }

  #recipients(house: House): LetterRecipient[] {
    const count = this.#random.float() < 0.6 ? 1 : Math.floor(this.#between(2, 7));
    const found = new Map<string, LetterRecipient>();
    for (let at = 0; at < count; at++) {
      const recipient = this.#recipient(house);
      found.set(recipient.address, recipient);
    }
    // Whose message is refused as a whole takes the others of its transaction with him.
    const spam = [...found.values()].find(({ address }) => address.startsWith('spam'));
    return spam ? [spam] : [...found.values()];
  }

  #recipient(house: House): LetterRecipient {
    const { domain, people } = house.office.plan;
    const other = plans.find((plan) => plan.domain !== domain) ?? plans[0];
    const notify = this.#pick<Notify>(['default', 'default', 'never', 'failure', 'success', 'all']);
    const at = this.#pick(foreignDomains);
    const number = Math.floor(this.#random.float() * 40);
    const draw = this.#random.float();
    if (draw < 0.36) return { address: `ok${number}@${at}`, kind: 'takes', notify };
    if (draw < 0.55) return { address: `${this.#pick(people)}@${domain}`, kind: 'takes', notify };
    if (draw < 0.72) return { address: `${this.#pick(other?.people ?? [])}@${other?.domain}`, kind: 'takes', notify };
    if (draw < 0.8)
      return {
        address: `no${number}@${this.#pick([...foreignDomains, domain, other?.domain ?? at])}`,
        kind: 'refuses',
        notify,
      };
    if (draw < 0.83)
      return { address: `no${number}@${this.#pick(['zeta.test', 'nowhere.test'])}`, kind: 'refuses', notify };
    if (draw < 0.86) return { address: `spam${number}@${at}`, kind: 'refuses', notify };
    if (draw < 0.9) return { address: `busy${number}@${at}`, kind: 'never', notify };
    if (draw < 0.92) return { address: `ok${number}@epsilon.test`, kind: 'never', notify };
    return { address: `back${number}@${at}`, kind: 'returns', notify };
  }

  #octets(): number {
    return this.#random.float() < 0.03 ? 300_000 : Math.floor(this.#between(0, 4_000));
  }

  async #byApi(): Promise<void> {
    const house = this.#pick(this.#houses);
    const { plan } = house.office;
    const from = `${this.#pick(plan.people)}@${plan.domain}`;
    const letter = this.#write(house, 'api', from, this.#recipients(house));
    const key = this.#random.float() < 0.6 ? letter.mark : undefined;
    const sender: Sender = { kind: 'key', account: this.#pick(['key_1', 'key_2']) };
    const request = sendRequest(letter, key);
    for (let tries = 0; tries < 8; tries++) {
      const { office, life } = house.office;
      if (office && life) {
        const answer = await this.#unlessDead(
          house,
          office.outbound.submit(sender, request, { kind: 'http', clientAddress: '203.0.113.5' }),
        );
        if (answer.kind === 'done' && answer.value.ok) {
          this.#acknowledge(letter, answer.value.value.id);
          if (this.#random.float() < 0.12) await this.#cancel(house, letter, answer.value.value.id);
          return;
        }
        if (answer.kind === 'done' && !answer.value.ok && !['storage-full', 'busy'].includes(answer.value.code))
          return this.#ledger.fail(`${letter.mark} was refused: ${answer.value.ok ? '' : answer.value.code}`);
        if (answer.kind !== 'done') letter.unknown++;
        if (answer.kind !== 'done' && key === undefined) return;
      }
      await this.schedule.sleep(this.#between(1_000, 20 * minute));
    }
  }

  async #cancel(house: House, letter: Letter, id: MessageId): Promise<void> {
    await this.schedule.sleep(this.#random.float() * 10 * minute);
    const { office } = house.office;
    if (!office) return;
    letter.cancelled = true;
    await this.#unlessDead(
      house,
      this.#random.float() < 0.3 ? office.outbound.retryNow(id) : office.outbound.cancel(id),
    );
  }

  /** What a process that dies leaves its caller with. */
  async #unlessDead<T>(
    house: House,
    work: Promise<T>,
  ): Promise<{ kind: 'done'; value: T } | { kind: 'failed' } | { kind: 'dead' }> {
    const { life } = house.office;
    const died = new Promise<{ kind: 'dead' }>((resolve) => {
      const isDead = () => resolve({ kind: 'dead' });
      life?.onDeath(isDead);
      if (life?.dead) isDead();
    });
    const done = work.then(
      (value) => ({ kind: 'done' as const, value }),
      () => ({ kind: 'failed' as const }),
    );
    const end = await Promise.race([done, died]);
    return life?.dead && end.kind !== 'done' ? { kind: 'dead' } : end;
  }

  async #bySubmission(): Promise<void> {
    const house = this.#pick(this.#houses);
    const { plan } = house.office;
    const isNull = this.#random.float() < 0.05;
    const author = `${plan.people[0]}@${plan.domain}`;
    const letter = this.#write(house, 'submission', isNull ? '' : author, this.#recipients(house));
    const text = textOf(letter, {
      from: author,
      dateMs: beginsAtMs + this.schedule.nowMs,
      filler: fillerOf(letter.octets),
    });
    const recipients = letter.recipients.map(({ address, notify }) => ({ address, parameters: wordsOf(notify) }));
    const net = this.#net.portOf('203.0.113.7');
    for (let tries = 0; tries < 8; tries++) {
      const end = await dialogueOf(
        { net, schedule: this.schedule },
        {
          to: { address: plan.address, port: 587 },
          helo: 'laptop.test',
          from: letter.from,
          recipients,
          text,
          login: { name: plan.people[0] ?? '', password },
        },
      );
      if (end.kind === 'taken') {
        const id = /em_[0-9a-z]+/.exec(end.reply)?.[0];
        if (id === undefined) return this.#ledger.fail(`${letter.mark}: a yes without an id: ${end.reply}`);
        return this.#acknowledge(letter, id);
      }
      if (end.kind === 'unknown') letter.unknown++;
      if (end.kind === 'refused' && end.code >= 500)
        return this.#ledger.fail(`${letter.mark} was refused at ${end.at}: ${end.code}`);
      if (this.#random.float() < 0.1) return;
      await this.schedule.sleep(this.#between(5_000, 15 * minute));
    }
  }

  async #byStranger(): Promise<void> {
    const house = this.#pick(this.#houses);
    const { plan } = house.office;
    const host = this.#pick(foreign.filter(({ name }) => !name.startsWith('mx.eta')));
    const domain = host.name.slice(host.name.indexOf('.') + 1);
    const count = this.#random.float() < 0.7 ? 1 : 2;
    const recipients = plan.people
      .slice(0, count)
      .map((local): LetterRecipient => ({ address: `${local}@${plan.domain}`, kind: 'takes', notify: 'default' }));
    const letter = this.#write(house, 'stranger', `somebody@${domain}`, recipients);
    const text = textOf(letter, {
      from: letter.from,
      dateMs: beginsAtMs + this.schedule.nowMs,
      filler: fillerOf(letter.octets),
    });
    for (let tries = 0; tries < 60; tries++) {
      const end = await dialogueOf(
        { net: this.#net.portOf(host.address), schedule: this.schedule },
        {
          to: { address: plan.address, port: 25 },
          helo: host.name,
          from: letter.from,
          recipients: recipients.map(({ address }) => ({ address, parameters: '' })),
          text,
        },
      );
      if (end.kind === 'taken') {
        letter.yes++;
        this.#trace.say('stranger', `${letter.mark} is taken by ${plan.name}`);
        return;
      }
      if (end.kind === 'unknown') letter.unknown++;
      if (end.kind === 'refused' && end.code >= 500)
        return this.#ledger.fail(`${letter.mark} from ${host.name} was refused at ${end.at}: ${end.code}`);
      await this.schedule.sleep(this.#between(minute, 30 * minute));
    }
    this.#ledger.fail(`${letter.mark} could not be handed to ${plan.name} in 60 tries`);
  }

  #write(house: House, by: Letter['by'], from: string, recipients: readonly LetterRecipient[]): Letter {
    const letter = this.#ledger.write({ by, office: house.office.plan.name, from, recipients, octets: this.#octets() });
    this.#trace.say(by, `writes ${letter.mark} to ${recipients.map(({ address }) => address).join(' ')}`);
    return letter;
  }

  #acknowledge(letter: Letter, id: string): void {
    letter.acknowledged.add(id);
    this.#trace.say(letter.by, `${letter.mark} is acknowledged as ${id}`);
  }

  #onArrival(from: string, recipient: string, mark: string): void {
    if (from === '') return;
    for (const { watch } of this.#houses) {
      const end = watch.hasEnded(from, recipient);
      if (end) this.#ledger.fail(`${mark} came to ${recipient} after its delivery had ended (${end})`);
    }
  }

  // The end

  async #untilQuiet(): Promise<void> {
    const untilMs = this.schedule.nowMs + this.#giveUpAfterMs + 3 * day + (this.#clocksWereSet ? 90 * day : 0);
    for (;;) {
      await this.schedule.sleep(10 * minute);
      if (this.#senders === 0 && this.#houses.every((house) => house.office.office && openIn(house) === 0)) return;
      if (this.schedule.nowMs <= untilMs) continue;
      for (const house of this.#houses)
        if (openIn(house) > 0) this.#ledger.fail(`${openIn(house)} deliveries of ${house.office.plan.name} never end`);
      this.#ledger.fail(`no quiet, ${this.#senders} still send`);
      return;
    }
  }

  async #close(): Promise<void> {
    await this.schedule.sleep(5 * minute);
    for (const { office, watch } of this.#houses) {
      await office.stop();
      const { life } = office;
      if (!life) continue;
      await this.schedule.sleep(5 * minute);
      const left = [
        `${life.openTimers} timers`,
        `${this.#net.openConnectionsOf(life)} connections`,
        `${this.#net.listenersOf(life)} listeners`,
        `${life.connections.size} database connections`,
      ].filter((one) => !one.startsWith('0 '));
      if (left.length > 0) this.#ledger.fail(`${office.plan.name} has stopped and left open: ${left.join(', ')}`);
      watch.look();
      if (office.machine.commits === 0)
        this.#ledger.fail(`${office.plan.name} never wrote: its disk is not the simulated one`);
    }
    checkAll(this.#houses, this.#ledger, { clocksWereSet: this.#clocksWereSet, giveUpAfterMs: this.#giveUpAfterMs });
  }

  onLostError(error: unknown): void {
    if (error instanceof Dead) return;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const isOfDead = code === 'ERR_INVALID_STATE' && this.#crashes > 0;
    if (!isOfDead) this.#ledger.fail(`an error that nobody caught: ${error instanceof Error ? error.stack : error}`);
  }

  outcome(tookMs: number): Outcome {
    return {
      seed: this.#seed,
      violations: this.#ledger.violations,
      lastLines: this.#ledger.violations.length > 0 ? this.#trace.last(30) : [],
      fingerprint: this.schedule.fingerprint,
      letters: this.#ledger.letters.size,
      events: this.schedule.events,
      crashes: this.#crashes,
      virtualMs: this.schedule.nowMs,
      tookMs,
    };
  }

  tidy(): void {
    for (const { office, watch, unplug } of this.#houses) {
      watch.close();
      const { life } = office.machine;
      for (const connection of life?.connections ?? []) if (connection.isOpen) connection.close();
      life?.die();
      unplug();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.float() * from.length)] as T;
  }

  #between(least: number, most: number): number {
    return least + this.#random.float() * (most - least);
  }
}

function openIn({ watch }: House): number {
  const row = watch.database.prepare('SELECT count(*) AS n FROM outbound_deliveries WHERE settled_at_ms IS NULL').get();
  return Number(row?.n);
}

function wordsOf(notify: Notify): string {
  const words = {
    default: '',
    never: ' NOTIFY=NEVER',
    failure: ' NOTIFY=FAILURE,DELAY',
    success: ' NOTIFY=SUCCESS',
    all: ' NOTIFY=SUCCESS,FAILURE,DELAY',
  };
  return words[notify];
}

function sendRequest(letter: Letter, idempotencyKey: string | undefined): SendRequest {
  return {
    content: {
      from: mailbox(letter.from),
      to: letter.recipients.map(({ address }) => mailbox(address)),
      cc: [],
      replyTo: [],
      subject: `letter ${letter.mark}`,
      text: `Greetings from ${letter.mark}.\n${fillerOf(letter.octets)}`,
      headers: [],
      attachments: [],
    },
    bcc: [],
    tags: [],
    metadata: {},
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}
