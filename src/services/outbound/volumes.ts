/**
 * How many messages a domain and the names below it bring to Gmail day by day (UTC), counted in the transaction that settles a delivery:
 * from some 5,000 a day on Gmail holds the whole domain to the rules for bulk senders. Tables and SQL of it stand here.
 */
import type { Clock } from '../../base/clock.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import type { DomainName } from '../../format/domain-name.ts';

type Tables = { outbound_volumes: { receiver: string; name: string; day: number; messages: number } };

const gmail = 'gmail';
/** Of personal accounts, which are what Gmail counts. */
const gmailDomains: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);
const dayMs = 86_400_000;
/** A trend of a month, and a month to look back from its beginning. */
const keptDays = 60;
const shownDays = 30;

export class Volumes {
  readonly #db: Db;
  readonly #clock: Clock;
  /** Compiled once: it runs for each delivery to Gmail. Parameters: receiver, name, day, messages. */
  readonly #count: string;
  #forgotOnDay = 0;

  constructor({ db, timers }: { readonly db: Db; readonly timers: Clock }) {
    this.#db = db;
    this.#clock = timers;
    this.#count = db
      .queries<Tables>()
      .insertInto('outbound_volumes')
      .values({ receiver: '', name: '', day: 0, messages: 0 })
      .onConflict((conflict) =>
        conflict
          .columns(['receiver', 'name', 'day'])
          .doUpdateSet((e) => ({ messages: e('outbound_volumes.messages', '+', e.lit(1)) })),
      )
      .compile().sql;
  }

  /** @param author as addr-spec; nobody's mail is counted for nobody */
  async count(tx: Tx, { author, domain }: { readonly author: string; readonly domain: string }): Promise<void> {
    const at = author.lastIndexOf('@');
    if (at < 0 || !gmailDomains.has(domain)) return;
    const name = reversed(author.slice(at + 1));
    const day = this.#today();
    await tx.run({ sql: this.#count, parameters: [gmail, name, day, 1] });
    if (day !== this.#forgotOnDay) await this.#forget(tx, day - keptDays);
    this.#forgotOnDay = day;
  }

  /** The last one yesterday, the first one when the domain first wrote, at most a month ago; empty when it has not. */
  async toGmail(domain: DomainName): Promise<readonly number[]> {
    const name = reversed(domain);
    const today = this.#today();
    const query = this.#db
      .queries<Tables>()
      .selectFrom('outbound_volumes')
      .select(['day', 'messages'])
      .where('receiver', '=', gmail)
      // The name, and all below it: `/` follows `.`
      .where((e) => e.or([e('name', '=', name), e.and([e('name', '>', `${name}.`), e('name', '<', `${name}/`)])]))
      .where('day', '>=', today - shownDays)
      .where('day', '<', today)
      .compile();
    const rows = await this.#db.read((reader) => reader.all(query));
    const first = rows.reduce((earliest, { day }) => Math.min(earliest, Number(day)), today);
    const perDay = Array.from({ length: today - first }, () => 0);
    for (const { day, messages } of rows)
      perDay[Number(day) - first] = (perDay[Number(day) - first] ?? 0) + Number(messages);
    return perDay;
  }

  /** Once a day, of all names: many never write again. */
  #forget(tx: Tx, beforeDay: number): Promise<unknown> {
    const old = this.#db
      .queries<Tables>()
      .deleteFrom('outbound_volumes')
      .where('receiver', '=', gmail)
      .where('day', '<', beforeDay);
    return tx.run(old.compile());
  }

  #today(): number {
    return Math.floor(this.#clock.nowMs() / dayMs);
  }
}

/** `news.example.com` as `com.example.news`: what belongs to one domain stands together. */
function reversed(domain: string): string {
  return domain.toLowerCase().split('.').toReversed().join('.');
}
