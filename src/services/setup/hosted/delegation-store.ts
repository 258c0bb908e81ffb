/** All SQL of delegations: which domains lead to the office, how, and what stood there before. */
import type { Kysely } from 'kysely';
import type { Db, Reader, Tx } from '../../../base/port/db.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { Delegation, HostedSpfHeld } from '../types.ts';

export type DelegationRow = Pick<Delegation, 'kind' | 'zone'> & {
  readonly domain: DomainName;
  readonly stsMode: StsMode;
  /** The DMARC record that stood there. */
  readonly dmarcBefore?: string;
  readonly madeAtMs: number;
  readonly spf?: SpfStates;
};

/** Of the domain's own SPF record, and of each other in its zone by the name at which it stands. */
export type SpfStates = SpfState & { readonly below?: Readonly<Record<string, SpfState>> };

/** How an SPF record that the office answers came to be. */
export type SpfState = {
  /** The terms that it stands for. */
  readonly terms: readonly string[];
  /** Nothing stood there before it, and the DNS did not say whether it is good. */
  readonly isOpen?: boolean;
  /** Why it is not the one that is wanted. */
  readonly held?: Pick<HostedSpfHeld, 'why' | 'say'>;
};

type Row = {
  domain: string;
  kind: string;
  zone: string;
  sts_mode: string;
  dmarc_before: string | null;
  made_at_ms: number;
  spf_state: string | null;
};
type Tables = { setup_delegations: Row };

export class DelegationStore {
  readonly #sql: Kysely<Tables>;

  constructor(db: Pick<Db, 'queries'>) {
    this.#sql = db.queries<Tables>();
  }

  async put(tx: Tx, { domain, kind, zone, stsMode, dmarcBefore, madeAtMs }: DelegationRow): Promise<void> {
    const row = { kind, zone, sts_mode: stsMode, dmarc_before: dmarcBefore ?? null, made_at_ms: madeAtMs };
    await tx.run(
      this.#sql
        .insertInto('setup_delegations')
        .values({ domain, spf_state: null, ...row })
        .onConflict((conflict) => conflict.column('domain').doUpdateSet(row))
        .compile(),
    );
  }

  async putSpf(tx: Tx, domain: DomainName, state: SpfStates): Promise<void> {
    await tx.run(
      this.#sql
        .updateTable('setup_delegations')
        .set({ spf_state: JSON.stringify(state) })
        .where('domain', '=', domain)
        .compile(),
    );
  }

  async get(reader: Reader, domain: DomainName): Promise<DelegationRow | undefined> {
    const row = await reader.first(
      this.#sql.selectFrom('setup_delegations').selectAll().where('domain', '=', domain).compile(),
    );
    return row && read(row);
  }

  async all(reader: Reader): Promise<DelegationRow[]> {
    const rows = await reader.all(this.#sql.selectFrom('setup_delegations').selectAll().orderBy('domain').compile());
    return rows.map(read);
  }

  async remove(tx: Tx, domain: DomainName): Promise<void> {
    await tx.run(this.#sql.deleteFrom('setup_delegations').where('domain', '=', domain).compile());
  }
}

function read({ domain, kind, zone, sts_mode, dmarc_before, made_at_ms, spf_state }: Row): DelegationRow {
  return {
    domain: domain as DomainName,
    kind: kind as Delegation['kind'],
    zone: zone as DomainName,
    stsMode: sts_mode as StsMode,
    ...(dmarc_before !== null && { dmarcBefore: dmarc_before }),
    madeAtMs: made_at_ms,
    ...(spf_state !== null && { spf: JSON.parse(spf_state) as SpfStates }), // written by `putSpf` alone
  };
}
