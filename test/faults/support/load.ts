/**
 * Many clients at once, over every entrance, and a ledger of what each was told. What is acknowledged must never be lost; what was
 * cut off without an answer may have been taken or not.
 */
import { author, type Home, login, resident } from './home.ts';
import { letter, textOf, tokenOf } from './letters.ts';
import type { OfficeProcess } from './office.ts';
import { type Manner, sinkDomain } from './sink.ts';
import { SmtpTalk } from './smtp-talk.ts';
import { pause, type Trial } from './trial.ts';

const ways = ['relay', 'submission', 'api', 'stranger'] as const;
export type Way = (typeof ways)[number];

export type Entry = {
  readonly token: string;
  readonly way: Way;
  readonly recipients: readonly string[];
  /** `acknowledged`: the office said yes. `refused`: it said no. `unknown`: it said nothing any more. */
  outcome: 'acknowledged' | 'refused' | 'unknown';
  /** The reply or status. */
  code: number;
  say: string;
  /** From the last octet sent to the answer. */
  tookMs: number;
  readonly atMs: number;
};

export type LoadWish = {
  readonly clients: Readonly<Partial<Record<Way, number>>>;
  readonly manners: readonly Manner[];
  /** Octets of a message: usual ones, and a share of large ones. */
  readonly octets: readonly [least: number, most: number];
  readonly largeShare?: number;
  readonly largeOctets?: number;
  /** Longest pause of a client between two messages. */
  readonly pauseMs: number;
};

const strangersAddress = '127.0.0.2';
export const strangersFrom = 'eve@world.test';

export class Load {
  readonly entries: Entry[] = [];
  readonly #trial: Trial;
  readonly #wish: LoadWish;
  /** The office of this moment; undefined while there is none. */
  readonly #office: () => OfficeProcess | undefined;
  readonly #home: Home;
  #stopped = false;
  #running: Promise<void>[] = [];
  #nth = 0;

  constructor(trial: Trial, home: Home, office: () => OfficeProcess | undefined, wish: LoadWish) {
    this.#trial = trial;
    this.#home = home;
    this.#office = office;
    this.#wish = wish;
  }

  start(): void {
    for (const way of ways)
      for (let nth = 0; nth < (this.#wish.clients[way] ?? 0); nth++) this.#running.push(this.#client(way));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  get acknowledged(): Entry[] {
    return this.entries.filter(({ outcome }) => outcome === 'acknowledged');
  }

  async #client(way: Way): Promise<void> {
    let talk: SmtpTalk | undefined;
    let to: OfficeProcess | undefined;
    while (!this.#stopped && !this.#trial.signal.aborted) {
      const office = this.#office();
      if (!office || office.isOver) {
        await pause(5);
        continue;
      }
      if (office !== to) talk?.destroy();
      if (office !== to || talk === undefined) {
        to = office;
        talk = way === 'api' ? undefined : await this.#connect(way, office);
        if (way !== 'api' && talk === undefined) {
          await pause(10);
          continue;
        }
      }
      const entry = this.#write(way);
      const isKept = await (talk ? this.#overSmtp(talk, entry) : this.#overApi(office, entry));
      this.entries.push(entry);
      if (!isKept) {
        talk?.destroy();
        talk = undefined;
        await pause(10);
      }
      await pause(this.#trial.random.float() * this.#wish.pauseMs);
    }
    talk?.destroy();
  }

  async #connect(way: Way, office: OfficeProcess): Promise<SmtpTalk | undefined> {
    try {
      if (way === 'submission') return await SmtpTalk.loggedIn(office.ports.submissions, login, this.#home.password);
      return await SmtpTalk.greeted(office.ports.mx, way === 'stranger' ? { from: strangersAddress } : {});
    } catch {
      return undefined;
    }
  }

  #write(way: Way): Entry {
    const { octets, largeShare = 0, largeOctets = 300_000 } = this.#wish;
    const { random, seed } = this.#trial;
    const size = random.float() < largeShare ? largeOctets : this.#trial.between(octets[0], octets[1]);
    const token = tokenOf(seed, this.#nth++, size);
    return {
      token,
      way,
      recipients: way === 'stranger' ? [resident] : this.#recipients(),
      outcome: 'unknown',
      code: 0,
      say: '',
      tookMs: 0,
      atMs: performance.now(),
    };
  }

  /** One to three, sometimes in one domain, sometimes in this house. */
  #recipients(): string[] {
    const chosen = new Set<string>();
    const wanted = this.#trial.random.float() < 0.7 ? 1 : this.#trial.between(2, 3);
    while (chosen.size < wanted) {
      const local = this.#trial.pick(['a', 'b', 'c']);
      if (this.#trial.random.float() < 0.1) chosen.add(resident);
      else chosen.add(`${local}@${sinkDomain(this.#trial.pick(this.#wish.manners))}`);
    }
    return [...chosen];
  }

  async #overSmtp(talk: SmtpTalk, entry: Entry): Promise<boolean> {
    const from = entry.way === 'stranger' ? strangersFrom : author;
    const begunMs = performance.now();
    try {
      const answer = await talk.send(from, entry.recipients, letter(entry.token, from, entry.recipients));
      note(entry, answer.code, answer.text, performance.now() - begunMs);
      return answer.code !== 421;
    } catch {
      return false;
    }
  }

  async #overApi(office: OfficeProcess, entry: Entry): Promise<boolean> {
    const begunMs = performance.now();
    const { status, body } = await office.api('POST', '/v1/emails', {
      from: author,
      to: entry.recipients,
      subject: entry.token,
      text: textOf(entry.token),
    });
    if (status !== 0) note(entry, status, String(body.detail ?? body.id ?? ''), performance.now() - begunMs);
    return status !== 0;
  }
}

function note(entry: Entry, code: number, say: string, tookMs: number): void {
  entry.code = code;
  entry.say = say;
  entry.tookMs = tookMs;
  entry.outcome = code >= 200 && code < 300 ? 'acknowledged' : 'refused';
}
