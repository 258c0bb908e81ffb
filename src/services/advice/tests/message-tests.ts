/**
 * Test addresses: somebody gets an address that nobody can guess, sends a message to it, and reads what it scored. The message is scored
 * as it comes in, with what its connection showed; only the result is kept, and for some days. The latest message to an address counts.
 */
import { base32 } from '../../../base/bytes.ts';
import type { Timers } from '../../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Db, Tx } from '../../../base/port/db.ts';
import type { Random } from '../../../base/random.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { fieldText, indexMessage } from '../../../format/message/message-index.ts';
import { decodeWords } from '../../../format/mime/encoded-word.ts';
import type { Scorer } from '../score/score.ts';
import { type ScoreDocument, scoreDocument } from '../score/score-document.ts';
import type { ScoreSession } from '../score/types.ts';
import { type TestRow, TestsStore } from './tests-store.ts';

export type MessageTestsPorts = {
  readonly db: Db;
  readonly timers: Timers;
  readonly random: Random;
};

/** What came to a test address. */
export type Arrival = {
  readonly from: string;
  readonly subject: string;
  readonly session: ScoreSession;
  readonly result: ScoreDocument;
};

export type MessageTest = {
  readonly token: string;
  readonly address: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly arrivedAtMs?: number;
  readonly arrival?: Arrival;
};

export type PreparedArrival = { readonly token: string; readonly arrivedAtMs: number; readonly arrival: string };

export const testsChannel = 'advice/tests';

/** 80 bits: nobody finds another one's by trying. */
const tokenOctets = 10;
const localForm = /^test-([0-9a-z]{16})$/;
/** Somebody looks at a result within days. (Our choice.) */
const keptMs = 7 * 86_400_000;
/** An address costs a row of 100 octets, a result some 30 KB. */
const openMax = 10_000;
/** A result says the same things in fewer words; a message of a thousand faults may not fill the disk. */
const arrivalOctetsMax = 256 * 1_024;
const shownMax = 300;

export class MessageTests {
  readonly #ports: MessageTestsPorts;
  readonly #store: TestsStore;

  constructor(ports: MessageTestsPorts) {
    this.#ports = ports;
    this.#store = new TestsStore(ports.db);
  }

  /** @param domain one whose mail comes here */
  create(domain: DomainName): Promise<Outcome<MessageTest, 'too-many-tests'>> {
    const { db, timers, random } = this.#ports;
    const nowMs = timers.nowMs();
    const token = base32(random.bytes(tokenOctets));
    const row: TestRow = {
      token,
      address: `test-${token}@${domain}`,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + keptMs,
      arrived_at_ms: null,
      arrival: null,
    };
    return db.write(async (tx) => {
      await this.#store.forgetOver(tx, nowMs);
      if ((await this.#store.count(tx)) >= openMax)
        return refuse('too-many-tests', `${openMax} test addresses are open; each ends after a week`);
      await this.#store.insert(tx, row);
      return accept(testOf(row));
    });
  }

  /** Undefined: never made, or over. */
  async find(token: string): Promise<MessageTest | undefined> {
    const { db, timers } = this.#ports;
    const row = await db.read((reader) => this.#store.find(reader, token));
    return row === undefined || row.expires_at_ms <= timers.nowMs() ? undefined : testOf(row);
  }

  /** The test that an address stands for, if it is one that waits. */
  async at(local: string, domain: DomainName): Promise<MessageTest | undefined> {
    const token = localForm.exec(local.toLowerCase())?.[1];
    const test = token === undefined ? undefined : await this.find(token);
    return test?.address === `test-${token}@${domain}` ? test : undefined;
  }

  /** Scores what came. @param message whole */
  async prepare(
    token: string,
    message: Uint8Array,
    { scorer, session }: { readonly scorer: Scorer; readonly session: ScoreSession },
  ): Promise<PreparedArrival> {
    const result = scoreDocument(await scorer.scoreMessage(message, session));
    const index = indexMessage(message);
    const shown = (name: 'from' | 'subject') =>
      decodeWords(fieldText(index, name) ?? '')
        .slice(0, shownMax)
        .toWellFormed();
    return {
      token,
      arrivedAtMs: this.#ports.timers.nowMs(),
      arrival: boundedText({ from: shown('from'), subject: shown('subject'), session, result }),
    };
  }

  async keep(tx: Tx, { token, arrivedAtMs, arrival }: PreparedArrival): Promise<void> {
    await this.#store.keepArrival(tx, token, arrivedAtMs, arrival);
    tx.afterCommit(() => this.#ports.db.notify(testsChannel));
  }
}

/** Findings go first where a result is too long: the points and their fixes are what counts. */
function boundedText(arrival: Arrival): string {
  const text = JSON.stringify(arrival);
  if (text.length <= arrivalOctetsMax) return text;
  const { result } = arrival;
  const failed = result.findings.filter(({ status }) => status === 'fail').map((one) => ({ ...one, evidence: [] }));
  return JSON.stringify({ ...arrival, result: { ...result, findings: failed.slice(0, 50) } });
}

function testOf(row: TestRow): MessageTest {
  return {
    token: row.token,
    address: row.address,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    ...(row.arrived_at_ms !== null && { arrivedAtMs: row.arrived_at_ms }),
    ...(row.arrival !== null && { arrival: JSON.parse(row.arrival) as Arrival }),
  };
}
