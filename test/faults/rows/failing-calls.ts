/** The n-th system call fails: fsync, write, open, ... each in turn, until a run in which none failed. SQLite tests itself this way. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ask, author, type Home, makeHome, openDeliveries, resident } from '../support/home.ts';
import { letter, textOf, tokenOf } from '../support/letters.ts';
import { strangersFrom } from '../support/load.ts';
import { startNameServer } from '../support/name-server.ts';
import { OfficeProcess } from '../support/office.ts';
import { type Sink, sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { straceMissing, type Tampering, tamper } from '../support/strace.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkFsck } from './kill.ts';

type Kind = Pick<Tampering, 'call' | 'error'> & {
  /** After it nothing may be taken any more: what was written before may be gone, and no later sync would tell. */
  readonly endsIntake?: boolean;
};

const kinds: readonly Kind[] = [
  { call: 'fsync', error: 'EIO', endsIntake: true },
  { call: 'fdatasync', error: 'EIO', endsIntake: true },
  { call: 'fsync', error: 'ENOSPC', endsIntake: true },
  { call: 'pwrite64', error: 'EIO' },
  { call: 'pwrite64', error: 'ENOSPC' },
  { call: 'openat', error: 'EIO' },
  { call: 'openat', error: 'EMFILE' },
  { call: 'unlink', error: 'EIO' },
  { call: 'ftruncate', error: 'ENOSPC' },
];

/** Of the size that stands in a row, and of the size that has a file. */
const octets = [800, 300_000] as const;
const drainMs = 20_000;

type Told = {
  readonly token: string;
  readonly recipient: string;
  readonly code: number;
  readonly say: string;
  readonly way: string;
};

export const failingCalls: Fault = {
  name: 'calls',
  fault: 'the n-th system call fails (EIO, ENOSPC, EMFILE)',
  done: 'fsync, fdatasync, pwrite64, openat, unlink, ftruncate of a serving office made to fail one by one; then killed, restarted, counted',
  missing: straceMissing,
  limitSeconds: ({ failures }) => 60 + kinds.length * failures * 8,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    const names = await startNameServer('');
    trial.later(() => names.close());
    const home = await makeHome(`${trial.folder}/data`, {
      routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
      dns: { resolvers: [`127.0.0.1:${names.port}`] },
    });
    const bench = new Bench(trial, home, sink);
    for (const kind of kinds) {
      let seen = 0;
      for (let nth = 1; nth <= trial.options.failures && !trial.signal.aborted; nth++) {
        if ((await bench.round(kind, nth)) === 0) break;
        seen++;
      }
      trial.figure(
        `${kind.call} ${kind.error}: failed in ${seen} places${seen < trial.options.failures ? ', then in none' : ''}`,
      );
    }
    for (const error of ['EIO', 'ENOSPC'] as const) await bench.spoolWrite(error);
    trial.figure('write EIO and ENOSPC in a spool file: that message refused for now, the next one taken');
    await bench.end();
    trial.figure(
      `${bench.acknowledged} acknowledged, ${bench.refused} refused for now and in no log, lost ${trial.failures.filter((each) => each.startsWith('LOST')).length}`,
    );
  },
};

class Bench {
  acknowledged = 0;
  refused = 0;
  readonly #trial: Trial;
  readonly #home: Home;
  readonly #sink: Sink;
  #nth = 0;
  /** Of the round before: looked for after its office was killed and the next one began. */
  #open: { readonly told: readonly Told[]; readonly what: string } | undefined;

  constructor(trial: Trial, home: Home, sink: Sink) {
    this.#trial = trial;
    this.#home = home;
    this.#sink = sink;
  }

  /** Answers how many calls were made to fail. */
  async round(kind: Kind, nth: number): Promise<number> {
    const what = `${kind.call} ${kind.error} at call ${nth}`;
    const office = await this.#begin();
    const tamperer = await tamper(this.#trial, office, { ...kind, when: String(nth) });
    const told: Told[] = [];
    for (const way of ['relay', 'api', 'stranger'] as const)
      for (const size of octets) told.push(await this.#send(office, way, tokenOf(this.#trial.seed, this.#nth++, size)));
    await tamperer.stop();
    if (tamperer.failed.length > 0) await this.#look(office, kind, what, tamperer.failed);
    await office.kill();
    this.#open = { told, what };
    return tamperer.failed.length;
  }

  /** The name of a spool file is nobody's to guess: half of a message goes in, then writing into that file begins to fail. */
  async spoolWrite(error: 'EIO' | 'ENOSPC'): Promise<void> {
    const office = await this.#begin();
    const what = `write ${error} in a spool file`;
    const token = tokenOf(this.#trial.seed, this.#nth++, 600_000);
    const recipient = `a@${sinkDomain('ok')}`;
    const talk = await SmtpTalk.greeted(office.ports.mx);
    for (const line of [`MAIL FROM:<${author}>`, `RCPT TO:<${recipient}>`, 'DATA']) await talk.ask(line);
    const text = `${letter(token, author, [recipient]).replaceAll(/^\./gm, '..')}\r\n.\r\n`;
    const folder = join(this.#home.data, 'spool');
    const before = readdirSync(folder); // of earlier rounds
    talk.say(text.slice(0, 400_000));
    const file = await this.#trial.until(5_000, () => {
      const name = readdirSync(folder).find((each) => !before.includes(each));
      return name !== undefined && statSync(join(folder, name)).size > 256 * 1024 ? join(folder, name) : undefined;
    });
    this.#trial.check(file !== undefined, `${what}: there is no file to fail`);
    if (file === undefined) return;
    const tamperer = await tamper(this.#trial, office, { call: 'write', error, when: '1+', files: [file] });
    talk.say(text.slice(400_000));
    const { code, text: say } = await talk.hear();
    await tamperer.stop();
    talk.destroy();
    this.#trial.check(tamperer.failed.length > 0, `${what}: no write failed`);
    const expected = error === 'ENOSPC' ? 452 : 451;
    this.#trial.check(code === expected, `${what} is answered ${code} ${say}`);
    this.#trial.check(!existsSync(file), `${what}: the file stays behind`);
    await this.#look(office, { call: 'write', error }, what, tamperer.failed);
    await office.kill();
    this.#open = { told: [{ token, recipient, code, say, way: 'relay' }], what };
  }

  async end(): Promise<void> {
    const office = await this.#begin();
    await office.stop();
    await checkFsck(this.#trial, this.#home);
  }

  /** A new start, and what the round before left. */
  async #begin(): Promise<OfficeProcess> {
    const office = await OfficeProcess.start(this.#trial, this.#home);
    const before = this.#open;
    this.#open = undefined;
    if (!before) return office;
    await this.#trial.until(drainMs, () => (openDeliveries(this.#home) === 0 ? true : undefined));
    for (const each of before.told) this.#count(each, before.what);
    return office;
  }

  #count({ token, recipient, code, way }: Told, what: string): void {
    const isYes = code >= 200 && code < 300;
    if (isYes) this.acknowledged++;
    else this.refused++;
    const copies =
      way === 'stranger'
        ? ask(this.#home, 'SELECT id FROM mailbox_messages WHERE subject = ?', token).length
        : this.#sink.copies.filter((copy) => copy.token === token && copy.recipient === recipient).length;
    if (isYes) this.#trial.check(copies > 0, `LOST: ${token} over ${way} was acknowledged (${what}) and is nowhere`);
    // 0: the answer was cut off with the connection; then it may have been taken.
    if (code >= 400)
      this.#trial.check(copies === 0, `${token} over ${way} was refused with ${code} (${what}) and kept`);
    this.#trial.check(
      code === 0 || code < 500 || code === 503,
      `${token} over ${way} was refused for good: ${code} (${what})`,
    );
  }

  /** While it still runs: it lives, it reads, and it takes mail or says why not. */
  async #look(office: OfficeProcess, { endsIntake }: Kind, what: string, failed: readonly string[]): Promise<void> {
    const { check } = this.#trial;
    check.call(this.#trial, !office.isOver, `the office died of ${what}: ${office.words.slice(-2_000)}`);
    if (office.isOver) return;
    const list = await office.api('GET', '/v1/emails?limit=1');
    this.#trial.check(list.status === 200, `reading answers ${list.status} after ${what}`);
    const ready = await office.api('GET', '/readyz');
    const after = await this.#send(office, 'relay', tokenOf(this.#trial.seed, this.#nth++, octets[0]));
    const hasEnded = office.said('store.writing_ended').length > 0;
    // The folder itself is synced before serving; that SQLite does so once more and cannot, does not matter.
    if (endsIntake && failed.some((call) => /<[^>]*\/data\//.test(call))) {
      this.#trial.check(hasEnded, `after ${what} on ${failed.join(', ')} the office goes on writing`);
      this.#trial.check(after.code === 451, `after ${what} the next message is answered ${after.code} ${after.say}`);
      this.#trial.check(ready.status === 503, `after ${what} /readyz answers ${ready.status}`);
    }
    if (hasEnded) {
      this.#trial.check(
        after.code >= 400 && after.code < 500,
        `writing has ended (${what}) and a message is answered ${after.code}`,
      );
      const say = JSON.stringify(ready.body);
      this.#trial.check(/until restart/.test(say), `writing has ended (${what}) and /readyz says ${say}`);
    } else
      this.#trial.check(after.code === 250, `after ${what} the next message is answered ${after.code} ${after.say}`);
    if (after.code === 250) await pause(0);
  }

  async #send(office: OfficeProcess, way: 'relay' | 'api' | 'stranger', token: string): Promise<Told> {
    const recipient = way === 'stranger' ? resident : `a@${sinkDomain('ok')}`;
    const { code, say } = await this.#ask(office, way, token, recipient);
    return { token, recipient, code, say, way };
  }

  async #ask(
    office: OfficeProcess,
    way: 'relay' | 'api' | 'stranger',
    token: string,
    to: string,
  ): Promise<{ code: number; say: string }> {
    if (way === 'api') {
      const { status, body } = await office.api('POST', '/v1/emails', {
        from: author,
        to: [to],
        subject: token,
        text: textOf(token),
      });
      return { code: status, say: String(body.detail ?? '') };
    }
    try {
      const from = way === 'stranger' ? strangersFrom : author;
      const talk = await SmtpTalk.greeted(office.ports.mx, way === 'stranger' ? { from: '127.0.0.2' } : {});
      try {
        const { code, text } = await talk.send(from, [to], letter(token, from, [to]));
        return { code, say: text };
      } finally {
        talk.destroy();
      }
    } catch (error) {
      return { code: 0, say: String(error) };
    }
  }
}
