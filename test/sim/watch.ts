/**
 * Looks into an office's database after each of its commits that is durable, on a connection of its own: no row may ever be in a state from which
 * nothing leads on, no lease be held twice, and no event contradict the ones before it.
 */
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Ledger } from './ledger.ts';
import type { Life, Machine } from './machine.ts';

type Lease = { readonly fence: number; readonly life: Life | undefined };
type Row = Readonly<Record<string, unknown>>;

/** What ends a delivery. */
const ends = new Set(['email.delivered', 'email.bounced', 'email.failed', 'email.unsure', 'email.cancelled']);

export class Watch {
  readonly #machine: Machine;
  readonly #ledger: Ledger;
  #database: DatabaseSync | undefined;
  #wrong: StatementSync | undefined;
  #leased: StatementSync | undefined;
  #news: StatementSync | undefined;
  #sequence = 0;
  #leases = new Map<string, Lease>();
  /** Deliveries that have ended, by the sender and recipient on the wire. */
  readonly #ended = new Map<string, string>();
  /** The end of each delivery, as the last event told it. */
  readonly endOf = new Map<string, string>();
  /** Moments at which the disk failed or the process died. */
  readonly incidents: { readonly atMs: number; readonly what: string }[] = [];
  #troubledLife: Life | undefined;

  /** How long a clock has to go on undisturbed before anything ends by it. */
  readonly #calmMs: number;

  constructor(machine: Machine, ledger: Ledger, calmMs: number) {
    this.#machine = machine;
    this.#ledger = ledger;
    this.#calmMs = calmMs;
    machine.onCommit = () => this.look();
  }

  note(what: string): void {
    this.incidents.push({ atMs: this.#machine.schedule.nowMs, what });
    if (what !== 'crash') this.#troubledLife = this.#machine.life;
  }

  /** Before the machine's files may change under us. */
  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  hasEnded(from: string, recipient: string): string | undefined {
    return this.#ended.get(`${from} ${recipient}`);
  }

  get database(): DatabaseSync {
    if (this.#database) return this.#database;
    const database = new DatabaseSync(join(this.#machine.folder, 'posthorn.db'), { readOnly: true });
    this.#wrong = database.prepare(
      `SELECT id, state, ready, leased, due_at_ms, settled_at_ms FROM outbound_deliveries
       WHERE (ready = 1 AND leased = 1) OR (settled_at_ms IS NULL AND ready = 0 AND due_at_ms IS NULL)
          OR (settled_at_ms IS NOT NULL AND (ready = 1 OR leased = 1 OR due_at_ms IS NOT NULL))`,
    );
    this.#leased = database.prepare('SELECT id, fence FROM outbound_deliveries WHERE leased = 1');
    this.#news = database.prepare(
      `SELECT e.sequence, e.type, e.subject, json_extract(e.data, '$.delivery_id') AS delivery,
              d.return_path AS return_path, d.recipient AS recipient, d.state AS state
       FROM events_log e LEFT JOIN outbound_deliveries d ON d.id = json_extract(e.data, '$.delivery_id')
       WHERE e.sequence > ? ORDER BY e.sequence`,
    );
    this.#database = database;
    return database;
  }

  look(): void {
    if (!this.database) return;
    for (const row of this.#wrong?.all() ?? [])
      this.#ledger.fail(`a delivery of ${this.#machine.name} is stuck: ${JSON.stringify({ ...row })}`);
    this.#lookAtLeases();
    for (const row of this.#news?.all(this.#sequence) ?? []) this.#hear(row as Row);
  }

  #lookAtLeases(): void {
    const { life } = this.#machine;
    const now = new Map<string, Lease>();
    for (const row of this.#leased?.all() ?? []) {
      const id = String(row.id);
      const fence = Number(row.fence);
      const before = this.#leases.get(id);
      // In one life of a process whose disk obeys, a lease ends by its holder's word only.
      if (before && before.fence !== fence && before.life === life && life !== this.#troubledLife)
        this.#ledger.fail(`lease held twice: ${id} of ${this.#machine.name} was claimed again while it was held`);
      now.set(id, before && before.fence === fence ? before : { fence, life });
    }
    this.#leases = now;
  }

  #hear(row: Row): void {
    this.#sequence = Number(row.sequence);
    const type = String(row.type);
    const delivery = String(row.delivery ?? '');
    this.#machine.trace.say(this.#machine.name, `event ${type} ${String(row.recipient ?? '')}`);
    if (delivery === '' || !type.startsWith('email.')) return;
    const before = this.endOf.get(delivery);
    const isReturned = type === 'email.bounced' && (before === 'email.delivered' || before === 'email.unsure');
    if (before !== undefined && !isReturned)
      this.#ledger.fail(`events contradict each other: ${type} of ${delivery} after ${before}`);
    if (type === 'email.failed') this.#lookAtClock(delivery);
    if (!ends.has(type)) return;
    this.endOf.set(delivery, type);
    this.#ended.set(`${String(row.return_path)} ${String(row.recipient)}`, type);
  }

  #lookAtClock(delivery: string): void {
    const { schedule, life, steppedAheadMs, name } = this.#machine;
    const calmForMs = schedule.nowMs - Math.max(steppedAheadMs, life?.startedMs ?? 0);
    if (calmForMs < this.#calmMs)
      this.#ledger.fail(
        `${delivery} of ${name} was given up ${Math.round(calmForMs / 1_000)} s after a start or a step of the clock`,
      );
  }
}
