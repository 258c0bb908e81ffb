/**
 * Keeps the MTA-STS policies of other domains over a restart: an attacker who can break DNS or HTTPS must not win by waiting for
 * one. RFC 8461 §10.2
 */
import { utf8 } from '../../base/bytes.ts';
import type { Db } from '../../base/port/db.ts';
import { parseStsPolicy } from '../../protocol/mta-sts/policy.ts';
import type { StsStore } from '../../protocol/mta-sts/sts-policies.ts';

type PolicyRow = {
  domain: string;
  policy_id: string;
  /** The file's lines, joined by LF. */
  policy: string;
  fetched_at_ms: number;
  /** When it is too old: then it is swept out. */
  ends_at_ms: number;
};

type Tables = { outbound_sts_policies: PolicyRow };

/** Long after their end, so that a clock that stands far ahead for a while sweeps out nothing that still holds. */
const sweptAfterMs = 60 * 86_400_000;

export function createStsStore(db: Pick<Db, 'queries' | 'read' | 'write'>): StsStore {
  const sql = db.queries<Tables>();
  return {
    get: async (domain) => {
      const query = sql.selectFrom('outbound_sts_policies').selectAll().where('domain', '=', domain).compile();
      const row = await db.read((reader) => reader.first(query));
      if (row === undefined) return undefined;
      const policy = parseStsPolicy(utf8(row.policy));
      return policy.ok ? { policy: policy.value, id: row.policy_id, fetchedAtMs: row.fetched_at_ms } : undefined;
    },
    put: (domain, { policy, id, fetchedAtMs }) => {
      const row = {
        policy_id: id,
        policy: policy.lines.join('\n'),
        fetched_at_ms: fetchedAtMs,
        ends_at_ms: fetchedAtMs + policy.maxAgeSeconds * 1000,
      };
      const old = sql
        .deleteFrom('outbound_sts_policies')
        .where('ends_at_ms', '<', fetchedAtMs - sweptAfterMs)
        .compile();
      const save = sql
        .insertInto('outbound_sts_policies')
        .values({ domain, ...row })
        .onConflict((conflict) => conflict.column('domain').doUpdateSet(row))
        .compile();
      return db.write(async (tx) => {
        await tx.run(old);
        await tx.run(save);
      });
    },
  };
}
