/**
 * Policy documents that the office signs and serves: for each domain one, made from what the office itself declares and does. The key is
 * made here and sealed; the serial only grows, and only when the document says something else.
 */
import { createPrivateKey } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../../../base/clock.ts';
import { accept, type Outcome } from '../../../base/outcome.ts';
import type { Db, Reader } from '../../../base/port/db.ts';
import type { Secrets } from '../../../base/port/secrets.ts';
import type { Random } from '../../../base/random.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { Declaration } from '../types.ts';
import { payloadText } from './policy-payload.ts';
import { policyRecordText } from './policy-record.ts';
import { type PolicyDraft, policyOf } from './policy-tools.ts';
import { openPolicy, rawPublicKey, sealPolicy } from './seal-policy.ts';
import type { PolicyDocument } from './types.ts';

export type ServedPolicy = {
  readonly domain: DomainName;
  readonly url: string;
  /** As it is served. */
  readonly document: string;
  readonly serial: number;
  /** TXT at `_eml.<domain>`. It stays as it is while the key does: whoever keeps the zone by hand sets it once. */
  readonly record: string;
  /** The same, asking for this very serial: where the office answers the record itself. */
  readonly newestRecord: string;
};

export type PolicyWish = {
  readonly declaration: Declaration;
  readonly url: string;
  readonly draft: Omit<PolicyDraft, 'serial' | 'issuedAtMs' | 'contact'>;
  /** Absent: as it was. */
  readonly contact?: string;
};

type Row = { domain: string; url: string; document: string; sealed_seed: Uint8Array };
type Tables = { setup_policies: Row };

const kid = 'k1';
const recordTtlSeconds = 86_400;
const seedOctets = 32;
/** What stands before the seed of an Ed25519 key in PKCS #8. RFC 8410 §7 */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

export type ServedPoliciesPorts = {
  readonly db: Db;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly random: Random;
  readonly clock: Clock;
};

export class ServedPolicies {
  readonly #ports: ServedPoliciesPorts;
  readonly #sql: Kysely<Tables>;

  constructor(ports: ServedPoliciesPorts) {
    this.#ports = ports;
    this.#sql = ports.db.queries<Tables>();
  }

  async find(domain: DomainName): Promise<ServedPolicy | undefined> {
    const row = await this.#ports.db.read((reader) => this.#row(reader, domain));
    return row && this.#opened(row).served;
  }

  /** Signs what is wanted; what says the same as before stays as it is. */
  push(wish: PolicyWish): Promise<Outcome<ServedPolicy, 'bad-document'>> {
    const { db, secrets, random, clock } = this.#ports;
    const { declaration, url, draft } = wish;
    const { domain } = declaration;
    return db.write(async (tx) => {
      const row = await this.#row(tx, domain);
      const before = row && this.#opened(row);
      const contact = wish.contact ?? before?.document.contact;
      const issuedAtMs = clock.nowMs();
      const made = policyOf(declaration, {
        ...draft,
        serial: (before?.document.serial ?? 0) + 1,
        issuedAtMs,
        ...(contact !== undefined && { contact }),
      });
      if (!made.ok) return made;
      if (before !== undefined && before.served.url === url && saysTheSame(before.document, made.value))
        return accept(before.served);
      const seed = before?.seed ?? random.bytes(seedOctets);
      const document = sealPolicy(made.value, [{ kid, privateKey: keyOf(seed) }]);
      const sealed = row?.sealed_seed ?? secrets.seal(labelOf(domain), seed);
      const next: Row = { domain, url, document, sealed_seed: sealed };
      const { domain: _, ...changed } = next;
      await tx.run(
        this.#sql
          .insertInto('setup_policies')
          .values(next)
          .onConflict((conflict) => conflict.column('domain').doUpdateSet(changed))
          .compile(),
      );
      return accept(servedOf(next, made.value, seed));
    });
  }

  /** False: there was none. */
  stop(domain: DomainName): Promise<boolean> {
    const gone = this.#sql.deleteFrom('setup_policies').where('domain', '=', domain).compile();
    return this.#ports.db.write(async (tx) => (await tx.run(gone)) > 0);
  }

  #row(reader: Reader, domain: DomainName): Promise<Row | undefined> {
    return reader.first(this.#sql.selectFrom('setup_policies').selectAll().where('domain', '=', domain).compile());
  }

  #opened(row: Row) {
    const seed = this.#ports.secrets.open(labelOf(row.domain), row.sealed_seed);
    const publicKey = rawPublicKey(keyOf(seed));
    const opened = openPolicy(Buffer.from(row.document), { kid, publicKey });
    if (!opened.ok) throw new Error(`the policy document of ${row.domain} in the store: ${opened.say}`);
    return { served: servedOf(row, opened.value, seed), document: opened.value, seed };
  }
}

function servedOf({ domain, url, document }: Row, { serial }: PolicyDocument, seed: Uint8Array): ServedPolicy {
  const pinned = { url, kid, publicKey: rawPublicKey(keyOf(seed)), ttlSeconds: recordTtlSeconds };
  return {
    domain: domain as DomainName,
    url,
    document,
    serial,
    record: policyRecordText({ ...pinned, serial: 1 }),
    newestRecord: policyRecordText({ ...pinned, serial }),
  };
}

function saysTheSame(one: PolicyDocument, other: PolicyDocument): boolean {
  const without = (document: PolicyDocument) => payloadText({ ...document, serial: 1, issuedAtMs: 0 });
  return without(one) === without(other);
}

function keyOf(seed: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
}

function labelOf(domain: string): string {
  return `policy-document/${domain}`;
}
