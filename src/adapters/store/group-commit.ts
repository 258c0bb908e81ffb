/**
 * The one writer. Writes of a moment are gathered, run one after the other inside a single transaction, each in a savepoint
 * of its own, and share one COMMIT and one sync of the write-ahead log (`log-sync.ts`):
 *
 *   idle -write-> gathering -next turn of the event loop-> BEGIN IMMEDIATE -each: SAVEPOINT, work, RELEASE | ROLLBACK TO->
 *   COMMIT -> sync, meanwhile the next are gathered -> afterCommit hooks, callers resolved -> (checkpoint when the log has grown)
 *   -> gathering | idle
 *
 * What is not durable is nobody's to see: reads keep to the state before until the sync is over (`Reads`), and no commit follows
 * before it is. A work that throws undoes itself and rejects alone. A COMMIT or sync that fails rejects all writes of its batch.
 * After an I/O error nothing is written any more (`endsWriting`). Measured with 5 KB rows: batches of 1 / 10 / 100 reach
 * 4-5 k / 19-26 k / 24-44 k rows a second on a virtual disk.
 */
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Tx, WriteEnd } from '../../base/port/db.ts';
import type { Signals } from '../../base/port/signals.ts';
import type { LogSync } from './log-sync.ts';
import { OpenTx, Turn } from './open-tx.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { endsWriting, faultFrom, isBusy } from './sqlite-faults.ts';

/** Writes sharing one commit. More gain nothing (see above), and the first of a batch waits for the last. */
const writesPerCommitMax = 100;

/** Writes waiting for their batch; beyond, the office is drowning and says so at once. */
const writesWaitingMax = 20_000;

/** Another process (a command beside the running office) may hold the write lock for a moment. */
const lockPatienceMs = 5_000;
const lockPauseMs = 5;

/**
 * Checkpoint once the log holds so many pages of 4 KB that the database does not (SQLite's own default is 1,000). We run it
 * ourselves, after the callers have their answer: SQLite's automatic one delays the commit that happens to trigger it and
 * swallows errors of its fsync, and an fsync error must end the taking of mail.
 */
const checkpointFrames = 1_024;

/** Of the readers: */
export interface Reads {
  /** From here until `renew`, reads see what is committed now. */
  hold(): void;
  /** Reads from here on see what is committed by now. */
  renew(): void;
}

type Job = {
  readonly work: (tx: Tx) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly until: WriteEnd;
};
/** How many frames the log holds, and how many of them were moved into the database: none of a log that was begun anew. */
type LogState = { readonly frames: number; readonly moved: number };

/** @see GroupCommit.#takeBack */
type Began = {
  /** The log before the transaction, as far as this connection knew. */
  readonly log: LogState;
  /** Nobody else had committed since our last transaction, so it knew. */
  readonly isCertain: boolean;
};
type Finished = {
  readonly job: Job;
  readonly value: unknown;
  readonly hooks: readonly (() => void)[];
  readonly isChange: boolean;
};

export class GroupCommit {
  readonly #connection: SqliteConnection;
  readonly #timers: Timers;
  readonly #signals: Signals;
  readonly #log: LogSync;
  readonly #reads: Reads;
  readonly #waiting: Job[] = [];
  #running = false;
  #refusal: Fault | undefined;
  #whenIdle: (() => void)[] = [];
  /** Frames of the log when it was last to be moved. A reader may hold some of them back: that is tried again after as many more. */
  #triedAtFrames = 0;
  /** Changes with each commit of another process; as it was when the last transaction began. */
  #foreignWrites: unknown;
  #began: Began = { log: { frames: 0, moved: 0 }, isCertain: false };

  constructor(
    connection: SqliteConnection,
    ports: { readonly timers: Timers; readonly signals: Signals; readonly log: LogSync; readonly reads: Reads },
  ) {
    this.#connection = connection;
    this.#timers = ports.timers;
    this.#signals = ports.signals;
    this.#log = ports.log;
    this.#reads = ports.reads;
    this.#foreignWrites = this.#readForeignWrites();
  }

  /** Why nothing is written any more, if so. */
  get refusal(): Fault | undefined {
    return this.#refusal;
  }

  write<T>(work: (tx: Tx) => Promise<T>, until: WriteEnd = 'durable'): Promise<T> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    if (this.#waiting.length >= writesWaitingMax)
      return Promise.reject(new Fault('STORE_BUSY', `${writesWaitingMax} writes are waiting already`));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: (value) => resolve(value as T), reject, until });
      if (this.#running) return;
      this.#running = true;
      // The check phase follows the poll for I/O: what all sockets of this turn brought is gathered by then.
      setImmediate(() => void this.#drain());
    });
  }

  /** Finishes what waits; later writes are refused with `STORE_CLOSED`. */
  async close(): Promise<void> {
    if (this.#refusal === undefined) this.#refusal = new Fault('STORE_CLOSED', 'the database is closed');
    if (this.#running) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#commit(this.#waiting.splice(0, writesPerCommitMax).sort(byWriteEnd));
      this.#checkpointWhenDue();
      await nextTurn(); // callers resolved just now add their next writes to the same batch
    }
    this.#running = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    const cannotBegin = await this.#begin();
    if (cannotBegin !== undefined) return this.#fail(batch, cannotBegin);
    const finished: Finished[] = [];
    const turn = new Turn();
    for (const [at, job] of batch.entries()) {
      const lost = await this.#runInSavepoint(job, turn, finished);
      if (lost === undefined) continue;
      // SQLite undid the whole transaction (disk full, I/O error). What had not begun yet has lost nothing: it goes on.
      this.#waiting.unshift(...batch.slice(at + 1));
      turn.end();
      return this.#fail(
        finished.map((done) => done.job),
        lost,
      );
    }
    turn.end();
    await this.#commitAll(finished);
  }

  async #commitAll(finished: readonly Finished[]): Promise<void> {
    const isChange = finished.some((done) => done.isChange);
    this.#reads.hold();
    let failure = this.#tryCommit();
    let open = finished;
    if (failure === undefined && isChange) {
      this.#announce(finished.filter(({ job }) => job.until === 'committed'));
      open = finished.filter(({ job }) => job.until === 'durable');
      failure = await this.#sync();
    }
    this.#reads.renew(); // also where it failed: what became of it is for the file to tell
    if (failure === undefined) return this.#announce(open);
    this.#fail(
      open.map((done) => done.job),
      failure,
    );
  }

  /** Answers why nothing was committed, if so. */
  #tryCommit(): unknown {
    const failure = this.#tryExec('COMMIT');
    if (failure === undefined) return undefined;
    if (this.#connection.isTransaction) this.#tryExec('ROLLBACK');
    if (endsWriting(failure)) this.#unwrite();
    return failure;
  }

  /**
   * A commit that failed may stand in the log all the same, and the next start would find it there: mail that was refused would be
   * sent. A commit of no meaning goes to its place in the log, and what is chained behind it counts no more.
   */
  #unwrite(): void {
    const version = this.#userVersion();
    if (version !== undefined)
      this.#tryExec(`BEGIN IMMEDIATE; PRAGMA user_version = ${(version + 1) % 0x7fff_ffff}; COMMIT`);
    if (this.#connection.isTransaction) this.#tryExec('ROLLBACK');
  }

  /** Undefined where the disk gives nothing back any more: whoever waits for the commit is to hear that it failed, all the same. */
  #userVersion(): number | undefined {
    try {
      return Number(this.#connection.first('PRAGMA user_version', [])?.user_version ?? 0);
    } catch {
      return undefined;
    }
  }

  /** Answers why the commit is not durable, if so; then it is not in the log any more. */
  async #sync(): Promise<unknown> {
    try {
      await this.#log.sync();
      return undefined;
    } catch (error) {
      this.#takeBack();
      return error;
    }
  }

  /**
   * Whether this reaches the disk is no matter: a process that dies leaves the commit and its taking back to the kernel. What must not
   * happen is that the commit before is taken: so only where ours has made the log longer or begun it anew (a statement may change
   * nothing), and where another process has neither added to it nor built upon it.
   */
  #takeBack(): void {
    const { log, isCertain } = this.#began;
    try {
      const now = this.#logState();
      const isWritten = now.frames !== log.frames || now.moved < log.moved;
      this.#connection.exec('BEGIN IMMEDIATE');
      if (!isCertain || this.#readForeignWrites() !== this.#foreignWrites)
        throw new Fault('STORE_BUSY', 'another process has written too');
      if (isWritten) this.#log.takeBack();
    } catch (error) {
      this.#signals.emit('error', 'store.commit_not_taken_back', { error: String(faultFrom(error)) });
    }
    if (this.#connection.isTransaction) this.#tryExec('ROLLBACK');
    this.#userVersion(); // the first to look reads the log anew, and can
  }

  /** Costs no call of the system: what this connection knows from its last transaction. Not to be had inside one. */
  #logState(): LogState {
    const row = this.#connection.first('PRAGMA wal_checkpoint(NOOP)', []);
    return { frames: Number(row?.log), moved: Number(row?.checkpointed) };
  }

  #readForeignWrites(): unknown {
    return this.#connection.first('PRAGMA data_version', [])?.data_version;
  }

  async #begin(): Promise<unknown> {
    const startedMs = this.#timers.monotonicMs();
    for (;;) {
      try {
        const log = this.#logState();
        this.#connection.exec('BEGIN IMMEDIATE');
        const foreignWrites = this.#readForeignWrites();
        this.#began = { log, isCertain: foreignWrites === this.#foreignWrites };
        this.#foreignWrites = foreignWrites;
        return undefined;
      } catch (error) {
        if (this.#connection.isTransaction) this.#tryExec('ROLLBACK');
        if (!isBusy(error) || this.#timers.monotonicMs() - startedMs > lockPatienceMs) return faultFrom(error);
        await this.#timers.sleep(lockPauseMs);
      }
    }
  }

  /** Answers the error that ended the whole transaction, if it did. */
  async #runInSavepoint(job: Job, turn: Turn, finished: Finished[]): Promise<unknown> {
    const tx = new OpenTx(this.#connection);
    try {
      this.#connection.step('SAVEPOINT one_write');
      const value = await turn.hold(job.work, tx);
      this.#connection.step('RELEASE one_write');
      finished.push({ job, value, hooks: tx.hooks, isChange: tx.isChange });
      return undefined;
    } catch (error) {
      const fault = faultFrom(error);
      job.reject(fault);
      return this.#undo(fault);
    } finally {
      tx.end();
    }
  }

  /**
   * Back to the state before the write. Answers why the transaction as a whole is lost, if it is: SQLite has undone it itself
   * (disk full), or the file is not to be trusted any more.
   */
  #undo(fault: unknown): unknown {
    let reason = fault;
    if (this.#connection.isTransaction && !endsWriting(fault)) {
      const failure = this.#tryExec('ROLLBACK TO one_write; RELEASE one_write');
      if (failure === undefined) return undefined;
      reason = failure;
    }
    if (this.#connection.isTransaction) this.#tryExec('ROLLBACK');
    return reason;
  }

  #announce(finished: readonly Finished[]): void {
    for (const { job, value, hooks } of finished) {
      for (const hook of hooks) {
        try {
          hook();
        } catch (error) {
          // The rows are durable whatever a listener does; its mistake may not look like a failed write.
          this.#signals.emit('error', 'store.after_commit_failed', { error: String(error) });
        }
      }
      job.resolve(value);
    }
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    this.#stopIfFatal(error);
    for (const job of jobs) job.reject(error);
  }

  /** After an I/O error of a file that belongs to the database without being part of it. */
  endWriting(cause: Fault): void {
    this.#stopIfFatal(new Fault('STORE_IO', cause.message, { cause }));
  }

  #stopIfFatal(error: unknown): void {
    if (!endsWriting(error) || endsWriting(this.#refusal)) return;
    this.#refusal = new Fault(error.code, `no further writes until restart: ${error.message}`, { cause: error });
    this.#signals.emit('error', 'store.writing_ended', { code: error.code, error: error.message });
    for (const job of this.#waiting.splice(0)) job.reject(this.#refusal);
  }

  /** PASSIVE: moves what no reader still needs and waits for nobody. The log itself is reused, not truncated. */
  #checkpointWhenDue(): void {
    const { frames, moved } = this.#began.log;
    if (frames < this.#triedAtFrames) this.#triedAtFrames = 0; // it was begun anew
    if (frames - Math.max(moved, this.#triedAtFrames) < checkpointFrames || endsWriting(this.#refusal)) return;
    this.#triedAtFrames = frames;
    const failure = this.#tryExec('PRAGMA wal_checkpoint(PASSIVE)');
    if (failure === undefined) return;
    this.#signals.emit('warn', 'store.checkpoint_failed', { error: String(failure) });
    this.#stopIfFatal(failure);
  }

  #tryExec(sql: string): unknown {
    try {
      this.#connection.exec(sql);
      return undefined;
    } catch (error) {
      return faultFrom(error);
    }
  }
}

/** What is told before it is durable comes first: all that it sees is. */
function byWriteEnd(one: Job, other: Job): number {
  return Number(one.until === 'durable') - Number(other.until === 'durable');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
