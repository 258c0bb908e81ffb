/**
 * What a DNS host has to be told, sealed in the office: for publications that nobody sits in front of. A value is bound to its host
 * and name, so that it opens in no other place; a backup without the office's key opens none.
 */
import { fromUtf8, utf8 } from '../../../base/bytes.ts';
import type { Db } from '../../../base/port/db.ts';
import type { Secrets } from '../../../base/port/secrets.ts';

type Tables = { setup_credentials: { kind: string; name: string; sealed: Uint8Array } };

export class KeptCredentials {
  readonly #db: Pick<Db, 'queries' | 'read' | 'write'>;
  readonly #secrets: Pick<Secrets, 'seal' | 'open'>;

  constructor(ports: {
    readonly db: Pick<Db, 'queries' | 'read' | 'write'>;
    readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  }) {
    this.#db = ports.db;
    this.#secrets = ports.secrets;
  }

  async get(kind: string, name: string): Promise<string | undefined> {
    const select = this.#sql.selectFrom('setup_credentials').select('sealed');
    const row = await this.#db.read((reader) =>
      reader.first(select.where('kind', '=', kind).where('name', '=', name).compile()),
    );
    return row && fromUtf8(this.#secrets.open(labelOf(kind, name), row.sealed));
  }

  /** In place of all that was kept for this kind of host; nothing: it is forgotten. */
  async keep(kind: string, values: ReadonlyMap<string, string>): Promise<void> {
    const rows = [...values].map(([name, value]) => ({
      kind,
      name,
      sealed: this.#secrets.seal(labelOf(kind, name), utf8(value)),
    }));
    await this.#db.write(async (tx) => {
      await tx.run(this.#sql.deleteFrom('setup_credentials').where('kind', '=', kind).compile());
      for (const row of rows) await tx.run(this.#sql.insertInto('setup_credentials').values(row).compile());
    });
  }

  get #sql() {
    return this.#db.queries<Tables>();
  }
}

function labelOf(kind: string, name: string): string {
  return `dns-host/${kind}/${name}`;
}
