/** What is seen in DNS of a record that the office waits for, and what a look at a domain found out. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { DkimKeyRecord, DomainProof, DomainRecord } from '../../directory/types.ts';

/** What one server shows at the name of a record. */
export type Witness = {
  readonly server: string;
  readonly found: 'ours' | 'another' | 'none' | 'no-answer';
  readonly say: string;
};

/** `everywhere`: every server shows it. `nowhere`: none does, and at least one said so. `unclear`: neither. */
export type Sighting = {
  /** Of the record. */
  readonly name: string;
  readonly seen: 'everywhere' | 'somewhere' | 'nowhere' | 'unclear';
  /** How long caches may remember what stands there now, or that nothing does. */
  readonly ttlSeconds: number;
  readonly witnesses: readonly Witness[];
  /** No server could be asked directly, and a resolver's word was taken. */
  readonly second: boolean;
};

export type CareReport = {
  readonly domain: DomainRecord;
  readonly proof: DomainProof & { readonly sighting: Sighting | undefined };
  readonly keys: readonly (DkimKeyRecord & { readonly sighting: Sighting | undefined })[];
};

/** Looks at what the domain shows in DNS, and stores what follows from it. */
export type LookAfterDomain = (name: DomainName) => Promise<CareReport | undefined>;
