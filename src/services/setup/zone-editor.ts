/**
 * The port to a place where a zone is kept: a DNS host's API, a name server that takes updates, a zone file, our own hosted zones.
 * One contract suite (`test/contracts/zone-editor.ts`) runs against every adapter.
 */
import type { Outcome } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { RecordChange, RecordSet, ZoneEditorRefusal } from './types.ts';

export type EditorOptions = { readonly signal?: AbortSignal };

/** The zone as the host holds it, not as resolvers see it. */
export type ZoneContents = {
  readonly zone: DomainName;
  /** Of the types that a plan holds; what else is there is neither shown nor touched. */
  readonly sets: readonly RecordSet[];
  /** The names whose authoritative servers are to show a change before it counts as made. */
  readonly nameServers: readonly string[];
  /** What the host keeps, in seconds. Absent: whatever it is told. */
  readonly ttl?: { readonly least: number; readonly most: number };
};

export type ZoneEditor = {
  /** `cloudflare` */
  readonly kind: string;
  /** Whether `apply` makes all changes or none, and whether it refuses when a set is not what `before` says. */
  readonly ability: { readonly atomic: boolean; readonly compares: boolean };
  /** The zone that holds `domain`: itself or the nearest above it. */
  readonly read: (domain: DomainName, options?: EditorOptions) => Promise<Outcome<ZoneContents, ZoneEditorRefusal>>;
  /** `done`: how many changes were made, in their order, also when a later one was refused. */
  readonly apply: (zone: DomainName, changes: readonly RecordChange[], options?: EditorOptions) => Promise<ApplyResult>;
};

export type ApplyResult =
  | { readonly ok: true; readonly done: number }
  | { readonly ok: false; readonly code: ZoneEditorRefusal; readonly say: string; readonly done: number };
