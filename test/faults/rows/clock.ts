/** The machine's clock is set while the office runs: nothing is sent twice, nothing expires by it, nothing waits for hours. */
import { existsSync, writeFileSync } from 'node:fs';
import { startBadMx } from '../../support/bad-mx.ts';
import { ask, author, count, type Home, makeHome, states } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { OfficeProcess } from '../support/office.ts';
import { sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkFsck, reportErrors } from './kill.ts';

const libraries = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'].map(
  (folder) => `${folder}/faketime/libfaketime.so.1`,
);
const library = libraries.find((file) => existsSync(file));

const hour = 3_600_000;
const minute = 60_000;
const waiting = 50;
/** The longest gap that the configuration below allows, with its jitter. */
const longestGapMs = 5 * minute * 1.2;
const closed = 'closed.sink.test';
const hanging = 'hanging.sink.test';
/** libfaketime looks at its file at every call; the office looks at its queue when it is woken. */
const settleMs = 3_000;

export const clock: Fault = {
  name: 'clock',
  fault: 'the clock jumps (+1 h, -2 h, +40 d, a leap second)',
  done: `set under a running office with ${waiting} deliveries that wait and one under way (libfaketime)`,
  missing: () =>
    library === undefined ? 'libfaketime is not installed (Debian: apt-get install faketime)' : undefined,
  limitSeconds: () => 90,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    const holding = await startBadMx({ script: { 'end-of-data': { by: 'hang' } } });
    trial.later(() => holding.close());
    const home = await makeHome(`${trial.folder}/data`, {
      routes: {
        [closed]: '127.0.0.1:1',
        [hanging]: `127.0.0.1:${holding.port}`,
        '*.sink.test': `127.0.0.1:${sink.port}`,
      },
      retry: { test: false, delays: ['1m', '5m'], give_up_after: '5d' },
      dns: { resolvers: ['127.0.0.1:1'] },
    });
    const time = new Time(`${trial.folder}/time`);
    const office = await OfficeProcess.start(trial, home, { environment: time.environment });
    const scene = new Scene(trial, home, office, time);
    for (let nth = 0; nth < waiting; nth++) await scene.send(`a${nth}@${closed}`);
    await scene.send(`a@${hanging}`);
    await trial.until(
      15_000,
      () => (scene.tries().every((each) => each === 1) && holding.received().length === 1) || undefined,
    );
    trial.check(holding.received().length === 1, 'the delivery that hangs has not begun');
    await scene.look('before all', 1);

    time.set(hour);
    await scene.look('an hour ahead', 2);
    time.set(-hour);
    await scene.look('two hours back', 2);
    time.set(40 * 24 * hour);
    await scene.look('forty days ahead', 3);
    time.set(0);
    await scene.look('back to the truth', 3);
    time.set(-1_000);
    await scene.look('a leap second', 3);

    trial.check(holding.received().length === 1, `the delivery under way began ${holding.received().length} times`);
    trial.check(
      count(home, "SELECT count(*) FROM outbound_messages WHERE origin = 'report'") === 0,
      'somebody was told that mail failed',
    );
    trial.figure(
      `${waiting} deliveries: ${scene.tries()[0]} tries each over five jumps, none ended; the one under way began once`,
    );
    trial.figure(
      `longest wait after each jump: ${scene.waits.map((ms) => `${(ms / minute).toFixed(1)} min`).join(', ')}`,
    );
    reportErrors(trial, office);
    await office.kill();
    await checkFsck(trial, home);
  },
};

/** The clock of the office: that of the machine, and so much. */
class Time {
  readonly #file: string;
  #offsetMs = 0;

  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    writeFileSync(this.#file, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs / 1_000)}\n`);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }
}

class Scene {
  readonly waits: number[] = [];
  readonly #trial: Trial;
  readonly #home: Home;
  readonly #office: OfficeProcess;
  readonly #time: Time;
  #nth = 0;

  constructor(trial: Trial, home: Home, office: OfficeProcess, time: Time) {
    this.#trial = trial;
    this.#home = home;
    this.#office = office;
    this.#time = time;
  }

  async send(to: string): Promise<string> {
    const talk = await SmtpTalk.greeted(this.#office.ports.mx);
    const { code, text } = await talk.send(
      author,
      [to],
      letter(tokenOf(this.#trial.seed, this.#nth++, 500), author, [to]),
    );
    talk.destroy();
    this.#trial.check(code === 250, `${to}: ${code} ${text}`);
    return /em_[0-9a-z]{26}/.exec(text)?.[0] ?? '';
  }

  tries(): number[] {
    return ask(this.#home, 'SELECT tries FROM outbound_deliveries WHERE domain = ?', closed).map(({ tries }) =>
      Number(tries),
    );
  }

  /** After a jump: new mail goes out at once, old mail was tried at most once for it, nothing ended, nothing waits too long. */
  async look(when: string, triesMost: number): Promise<void> {
    const { check } = { check: this.#trial.check.bind(this.#trial) };
    const beganMs = performance.now();
    const id = await this.send(`a@${sinkDomain('ok')}`);
    const isDelivered = () =>
      count(this.#home, "SELECT count(*) FROM outbound_deliveries WHERE message_id = ? AND state = 'delivered'", id) ===
      1;
    const delivered = await this.#trial.until(10_000, () => isDelivered() || undefined);
    check(delivered === true, `${when}: new mail is not delivered within 10 s`);
    check(
      performance.now() - beganMs < 5_000,
      `${when}: new mail takes ${(performance.now() - beganMs).toFixed(0)} ms`,
    );
    await pause(settleMs);
    const most = Math.max(...this.tries());
    check(most <= triesMost, `${when}: tried ${most} times instead of ${triesMost} at most`);
    const found = states(this.#home, `domain = '${closed}'`);
    check(found.delayed === waiting, `${when}: ${JSON.stringify(found)}`);
    const due = count(this.#home, 'SELECT max(due_at_ms) FROM outbound_deliveries WHERE domain = ?', closed);
    const waitMs = due - this.#time.nowMs();
    this.waits.push(waitMs);
    check(waitMs <= longestGapMs, `${when}: the next try is ${(waitMs / minute).toFixed(0)} minutes away`);
    await this.#checkSignature(id, when);
  }

  /** RFC 6376 §3.5: t= is the time of signing; the office's, whatever it is. */
  async #checkSignature(id: string, when: string): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.#office.ports.http}/v1/emails/${id}/raw`, {
      headers: { Authorization: `Bearer ${this.#home.apiKey}` },
    });
    const seconds = Number(/[;\s]t=(\d+)/.exec(await response.text())?.[1]);
    const difference = Math.abs(seconds - this.#time.nowMs() / 1_000);
    this.#trial.check(difference < 30, `${when}: signed ${difference.toFixed(0)} s from the office's time`);
  }
}
