/** Every yes after the disk's own: the system calls of an office, in their order. MAIL_RULES 26. */
import { makeHome } from '../support/home.ts';
import { Load } from '../support/load.ts';
import { startNameServer } from '../support/name-server.ts';
import { startTraced, straceMissing } from '../support/strace.ts';
import { type Fault, pause } from '../support/trial.ts';
import { checkShop } from './kill.ts';

/** Columns stand side by side in a page, so nothing separates an id from its neighbours but its length. */
const id = /(?:em|inb)_[0-9a-z]{26}/g;
const calls = ['fsync', 'fdatasync', 'pwrite64', 'write', 'writev', 'openat'];

export const durable: Fault = {
  name: 'durable',
  fault: 'power fails right after the yes',
  done: 'each 250 and 202 held against the trace: the pages that name the message written and synced before, spool file and folder too',
  missing: straceMissing,
  limitSeconds: ({ acknowledgements }) => 60 + acknowledgements / 5,
  run: async (trial) => {
    const names = await startNameServer('');
    trial.later(() => names.close());
    // Nothing is delivered: the trace shall be about taking mail in.
    const home = await makeHome(`${trial.folder}/data`, {
      routes: { '*.sink.test': '127.0.0.1:1' },
      retry: { delays: ['1h'], give_up_after: '5d' },
      dns: { resolvers: [`127.0.0.1:${names.port}`] },
    });
    const trace = new SyncTrace(home.data);
    const office = await startTraced(trial, home, calls, (line) => trace.see(line));
    const load = new Load(trial, home, () => office, {
      clients: { relay: 3, api: 3, stranger: 2 },
      manners: ['ok'],
      octets: [300, 5_000],
      largeShare: 0.03,
      pauseMs: 0,
    });
    load.start();
    const isEnough = () => {
      trial.progress(`${load.acknowledged.length} acknowledged`);
      return load.acknowledged.length >= trial.options.acknowledgements;
    };
    await trial.until(trial.options.acknowledgements * 200, () => isEnough() || undefined);
    await load.stop();
    await pause(200); // what is still in the pipe
    await checkShop(trial, home, office);
    const { acknowledged } = load;
    trial.check(isEnough(), `only ${acknowledged.length} messages were acknowledged`);
    trial.check(
      trace.seen.size >= acknowledged.length,
      `${trace.seen.size} of ${acknowledged.length} replies were found in the trace`,
    );
    for (const problem of trace.problems) trial.check(false, problem);
    trial.figure(
      `${trace.seen.size} replies, ${trace.seen.size - trace.late.size} of them after the sync of their rows, ${trace.problems.length} not`,
    );
    trial.figure(`${trace.spooled} spool files named by a row, each synced with its folder before`);
    trial.figure(`${(trace.syncs / Math.max(trace.seen.size, 1)).toFixed(2)} syncs a message`);
  },
};

/** As strace shows 24 octets that are written to the log. */
const frameHeader = /^pwrite64\([^"]*"((?:[^"\\]|\\.)*)", 24, /;
const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, '"': 34, '\\': 92 };

function unescaped(text: string): Buffer {
  const octets = [...text.matchAll(/\\([0-7]{1,3})|\\(.)|([^\\])/gs)].map(([, octal, sign = '', plain = '']) =>
    octal === undefined ? (escapes[sign] ?? plain.charCodeAt(0)) : Number.parseInt(octal, 8),
  );
  return Buffer.from(octets);
}

/** Moments of the trace's clock. */
type SpoolFile = { readonly madeAt: number; writtenAt: number; syncedAt: number; named: boolean };

/** Reads the trace line by line, as a machine that knows what has been written and what has been synced. */
class SyncTrace {
  readonly problems: string[] = [];
  /** Ids that were answered with a yes. */
  readonly seen = new Set<string>();
  readonly late = new Set<string>();
  syncs = 0;
  spooled = 0;
  readonly #log: string;
  readonly #spool: string;
  /** Ids in pages of the log: of the commit that is being written, of those that are whole (since when), and of those that are synced. */
  #open = new Set<string>();
  #written = new Map<string, number>();
  readonly #synced = new Set<string>();
  /** The page that comes now ends a commit. */
  #endsCommit = false;
  /** Counts the calls as they begin. */
  #clock = 0;
  readonly #files = new Map<string, SpoolFile>();
  #folderSyncedAt = 0;
  /** Thread -> when its running sync began. */
  readonly #syncBegan = new Map<string, number>();
  /** Thread -> the beginning of a call that was interrupted by another thread's. */
  readonly #unfinished = new Map<string, string>();
  /** A yes over HTTP whose id comes in the next write. */
  readonly #awaited = new Set<string>();

  constructor(data: string) {
    this.#log = `<${data}/posthorn.db-wal>`;
    this.#spool = `${data}/spool`;
  }

  see(line: string): void {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    if (!resumed) this.#begins(thread, rest);
    if (rest.endsWith('<unfinished ...>')) {
      this.#unfinished.set(thread, rest.slice(0, -'<unfinished ...>'.length));
      return;
    }
    this.#ends(thread, resumed ? `${this.#unfinished.get(thread) ?? ''}${resumed[1]}` : rest);
    this.#unfinished.delete(thread);
  }

  /** What is being written counts as written now; what is being synced only when it is, as it was when the sync began. */
  #begins(thread: string, call: string): void {
    this.#clock++;
    if (/^f(data)?sync\(/.test(call)) this.#syncBegan.set(thread, this.#clock);
    else if (call.startsWith('pwrite64(') && call.includes(this.#log)) {
      this.#writesLog(call);
      this.#namesFiles(call);
    } else if (/^writev?\(\d+<TCP:/.test(call)) this.#answers(call);
    else {
      const file = this.#fileOf(call);
      if (file) file.writtenAt = this.#clock;
    }
  }

  /** https://www.sqlite.org/walformat.html §2.1: the header of a frame, then its page; the last frame of a commit says so. */
  #writesLog(call: string): void {
    const header = frameHeader.exec(call)?.[1];
    if (header !== undefined) {
      this.#endsCommit = unescaped(header).readUInt32BE(4) !== 0;
      return;
    }
    for (const [name] of call.matchAll(id)) this.#open.add(name);
    if (!this.#endsCommit) return;
    for (const name of this.#open) if (!this.#written.has(name)) this.#written.set(name, this.#clock);
    this.#open = new Set();
    this.#endsCommit = false;
  }

  #ends(thread: string, call: string): void {
    if (/^f(data)?sync\(/.test(call)) {
      this.syncs++;
      if (/= 0$/.test(call)) this.#synchronises(call, this.#syncBegan.get(thread) ?? 0);
      else this.problems.push(`a sync failed: ${call}`);
    }
    const made = /^openat\(.*, "([^"]+)", [^)]*O_CREAT\|O_EXCL/.exec(call)?.[1];
    if (made?.startsWith(`${this.#spool}/`)) {
      this.#files.set(made, { madeAt: this.#clock, writtenAt: this.#clock, syncedAt: 0, named: false });
    }
  }

  #synchronises(call: string, beganAt: number): void {
    if (call.includes(this.#log)) {
      for (const [name, atClock] of this.#written) {
        if (atClock > beganAt) continue;
        this.#synced.add(name);
        this.#written.delete(name);
      }
      return;
    }
    const file = this.#fileOf(call);
    if (file) file.syncedAt = beganAt;
    if (call.includes(`<${this.#spool}>`)) this.#folderSyncedAt = beganAt;
  }

  #fileOf(call: string) {
    const path = /<([^<>]+)>/.exec(call)?.[1];
    return path === undefined ? undefined : this.#files.get(path);
  }

  /** A row that names a spool file comes after the file. */
  #namesFiles(call: string): void {
    for (const [path, file] of this.#files) {
      if (file.named || !call.includes(path.slice(this.#spool.length + 1))) continue;
      file.named = true;
      this.spooled++;
      if (file.syncedAt < file.writtenAt || this.#folderSyncedAt < file.madeAt)
        this.problems.push(`a row names ${path}, which is not on the disk yet`);
    }
  }

  #answers(call: string): void {
    const socket = /<TCP:\[([^\]]+)\]>/.exec(call)?.[1] ?? '';
    const isHttp = /"HTTP\/1\.1 202 /.test(call);
    const isSmtp = /"[^"]*\b250 2\.\d\.\d [^"]*(em|inb)_/.test(call);
    if (!isHttp && !isSmtp && !this.#awaited.has(socket)) return;
    const ids = call.match(id) ?? [];
    if (isHttp && ids.length === 0) this.#awaited.add(socket);
    else this.#awaited.delete(socket);
    // Over HTTP the body says more than one id of a kind; the first is the message's.
    for (const name of isSmtp ? ids : ids.slice(0, 1)) this.#yes(name, call);
  }

  #yes(name: string, call: string): void {
    if (this.seen.has(name)) return;
    this.seen.add(name);
    if (this.#synced.has(name)) return;
    this.late.add(name);
    const why = this.#written.has(name) ? 'its commit is not synced' : 'its commit is not even written';
    this.problems.push(`${name} was acknowledged, and ${why}: ${call.slice(0, 120)}`);
  }
}
