/** All SQL of the declarations: who sends for each domain, as one JSON text a domain; and of the policy documents they came from. */
import type { Kysely } from 'kysely';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Declaration } from './types.ts';

type Tables = {
  setup_declarations: { domain: string; declaration: string; changed_at_ms: number };
  setup_held_policies: { domain: string; held: string };
};

export const declarationsChannel = 'declarations';

export class SetupStore {
  readonly #sql: Kysely<Tables>;

  constructor(db: Pick<Db, 'queries'>) {
    this.#sql = db.queries<Tables>();
  }

  async put(tx: Tx, declaration: Declaration, nowMs: number): Promise<void> {
    const row = { declaration: JSON.stringify(declaration), changed_at_ms: nowMs };
    await tx.run(
      this.#sql
        .insertInto('setup_declarations')
        .values({ domain: declaration.domain, ...row })
        .onConflict((conflict) => conflict.column('domain').doUpdateSet(row))
        .compile(),
    );
  }

  async get(reader: Reader, domain: DomainName): Promise<Declaration | undefined> {
    const row = await reader.first(
      this.#sql.selectFrom('setup_declarations').select('declaration').where('domain', '=', domain).compile(),
    );
    return row && (JSON.parse(row.declaration) as Declaration);
  }

  async all(reader: Reader): Promise<Declaration[]> {
    const rows = await reader.all(
      this.#sql.selectFrom('setup_declarations').select('declaration').orderBy('domain').compile(),
    );
    return rows.map(({ declaration }) => JSON.parse(declaration) as Declaration);
  }

  async remove(tx: Tx, domain: DomainName): Promise<boolean> {
    return (await tx.run(this.#sql.deleteFrom('setup_declarations').where('domain', '=', domain).compile())) > 0;
  }

  async putHeld(tx: Tx, domain: DomainName, held: string): Promise<void> {
    await tx.run(
      this.#sql
        .insertInto('setup_held_policies')
        .values({ domain, held })
        .onConflict((conflict) => conflict.column('domain').doUpdateSet({ held }))
        .compile(),
    );
  }

  async held(reader: Reader, domain: DomainName): Promise<string | undefined> {
    const row = this.#sql.selectFrom('setup_held_policies').select('held').where('domain', '=', domain).compile();
    return (await reader.first(row))?.held;
  }
}
