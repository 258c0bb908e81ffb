/**
 * Clients who mean well, each with one connection or one after the other, sending as fast as they are answered: what a flood takes
 * away from them is the measure.
 */
import { author, type Home, login, resident } from '../../faults/support/home.ts';
import { letter, tokenOf } from '../../faults/support/letters.ts';
import type { Ports } from '../../faults/support/office.ts';
import { SmtpTalk } from '../../faults/support/smtp-talk.ts';

export type Lane = 'kept connection' | 'connection each' | 'submission';
export const lanes: readonly Lane[] = ['kept connection', 'connection each', 'submission'];

const strangersFrom = 'eve@world.test';
const addresses: Readonly<Record<Exclude<Lane, 'submission'>, string>> = {
  'kept connection': '127.0.0.11',
  'connection each': '127.0.0.12',
};
const letterOctets = 2_000;
/** Between two messages of a client: it is busy, not a flood of its own. */
const breathMs = 2;

type Told = { readonly lane: Lane; readonly tookMs: number };

/** What was answered while somebody listened; trouble is everything but a 250. */
export class GoodClients {
  readonly #home: Home;
  readonly #ports: Ports;
  readonly #talks = new Map<Lane, SmtpTalk>();
  #told: Told[] = [];
  #trouble: string[] = [];
  #stopped = false;
  #nth = 0;
  readonly #running: Promise<void>[];

  constructor(home: Home, ports: Ports) {
    this.#home = home;
    this.#ports = ports;
    this.#running = lanes.map((lane) => this.#run(lane));
  }

  /** All that was told since the last harvest. */
  harvest(): { readonly told: readonly Told[]; readonly trouble: readonly string[] } {
    const harvest = { told: this.#told, trouble: this.#trouble };
    this.#told = [];
    this.#trouble = [];
    return harvest;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const talk of this.#talks.values()) talk.destroy();
  }

  async #run(lane: Lane): Promise<void> {
    while (!this.#stopped) {
      const begunMs = performance.now();
      try {
        await this.#send(lane);
        this.#told.push({ lane, tookMs: performance.now() - begunMs });
      } catch (error) {
        this.#trouble.push(`${lane}: ${error instanceof Error ? error.message : String(error)}`);
        this.#talks.get(lane)?.destroy();
        this.#talks.delete(lane);
      }
      await new Promise((resolve) => setTimeout(resolve, breathMs));
    }
  }

  async #send(lane: Lane): Promise<void> {
    const talk = this.#talks.get(lane) ?? (await this.#connect(lane));
    this.#talks.set(lane, talk);
    const from = lane === 'submission' ? author : strangersFrom;
    const text = letter(tokenOf(1, this.#nth++, letterOctets), from, [resident]);
    const answer = await talk.send(from, [resident], text);
    if (answer.code !== 250) throw new Error(`${answer.code} ${answer.text} at ${answer.stage}`);
    if (lane !== 'connection each') return;
    await talk.ask('QUIT');
    talk.destroy();
    this.#talks.delete(lane);
  }

  #connect(lane: Lane): Promise<SmtpTalk> {
    if (lane === 'submission') return SmtpTalk.loggedIn(this.#ports.submissions, login, this.#home.password);
    return SmtpTalk.greeted(this.#ports.mx, { from: addresses[lane] });
  }
}
