/**
 * A DNS host in memory that does what a test tells it: stops in the middle, says nothing, holds something else than it was given,
 * is changed by somebody else meanwhile. Its servers show what it holds, or what a test has them show.
 */

import type { DomainName } from '../../src/format/domain-name.ts';
import { haveSameValues, recordsOfSet } from '../../src/format/record-set.ts';
import type { Authorities } from '../../src/protocol/dns/authorities.ts';
import type { Resolver } from '../../src/protocol/dns/types.ts';
import { zoneResolver } from '../../src/protocol/dns/zone-resolver.ts';
import type { RecordChange, RecordSet, ZoneEditorRefusal } from '../../src/services/setup/types.ts';
import type { ApplyResult, ZoneEditor } from '../../src/services/setup/zone-editor.ts';

export type HostScript = {
  readonly atomic?: boolean;
  /** Refuses the change of this number, having made the ones before; `half`: and a part of it. */
  readonly stopAt?: { readonly nth: number; readonly code: ZoneEditorRefusal; readonly half?: boolean };
  /** Makes all changes and answers with this. */
  readonly answersAfter?: ZoneEditorRefusal;
  /** What it really holds of a set that it was given. */
  readonly mangle?: (set: RecordSet) => RecordSet;
  /** How many reads after the first are not answered. */
  readonly silentReads?: number;
  /** Somebody else's hand, right before the first change. */
  readonly meanwhile?: (host: ScriptedHost) => void;
};

export class ScriptedHost {
  readonly zone: DomainName;
  readonly editor: ZoneEditor;
  sets: readonly RecordSet[];
  /** Every change that was made, in order. */
  readonly made: RecordChange[] = [];
  applied = 0;
  #script: HostScript;
  #reads = 0;

  constructor(zone: DomainName, sets: readonly RecordSet[], script: HostScript = {}) {
    this.zone = zone;
    this.sets = sets;
    this.#script = script;
    this.editor = {
      kind: 'scripted',
      ability: { atomic: script.atomic ?? false, compares: true },
      read: async () => {
        const { silentReads = 0 } = this.#script;
        if (this.#reads++ > 0 && this.#reads <= 1 + silentReads)
          return { ok: false, code: 'unavailable', say: 'no answer' };
        const nameServers = this.sets.flatMap((set) => (set.type === 'NS' && set.name === zone ? set.values : []));
        return { ok: true, value: { zone, sets: this.sets, nameServers } };
      },
      apply: async (_, changes) => this.#apply(changes),
    };
  }

  put(set: RecordSet): void {
    const others = this.sets.filter(({ name, type }) => name !== set.name || type !== set.type);
    this.sets = set.values.length === 0 ? others : [...others, set];
  }

  /** One server that shows the zone as it is, or as `show` has it. */
  authorities(show: (sets: readonly RecordSet[]) => readonly RecordSet[] = (sets) => sets): Authorities {
    return {
      lookup: async (name, type, options) => {
        const answer = await resolverOf(show(this.sets)).lookup(name, type, options);
        return { kind: 'asked', zone: this.zone, answers: [{ server: 'ns1.host.example', answer }] };
      },
    };
  }

  #apply(changes: readonly RecordChange[]): ApplyResult {
    this.applied++;
    const script = this.applied === 1 ? this.#script : {};
    const before = this.sets;
    script.meanwhile?.(this);
    for (const [nth, change] of changes.entries()) {
      const now = this.sets.find(({ name, type }) => name === change.name && type === change.type);
      const isStale = !haveSameValues(now, change.before);
      const stop = isStale ? 'changed-meanwhile' : script.stopAt?.nth === nth ? script.stopAt.code : undefined;
      if (stop !== undefined) {
        if (script.atomic) this.sets = before;
        else if (script.stopAt?.half && !isStale && change.after)
          this.put({ ...change.after, values: change.after.values.slice(0, -1) });
        return { ok: false, code: stop, say: `stopped at ${nth}`, done: script.atomic ? 0 : nth };
      }
      const after = change.after ?? { name: change.name, type: change.type, ttl: 0, values: [] };
      this.put(script.mangle?.(after) ?? after);
      this.made.push(change);
    }
    if (script.answersAfter) return { ok: false, code: script.answersAfter, say: 'no answer came', done: 0 };
    return { ok: true, done: changes.length };
  }
}

export function resolverOf(sets: readonly RecordSet[]): Resolver {
  const records = sets.flatMap((set) => recordsOfSet(set) ?? []).map((record) => ({ ...record, line: 0, lastLine: 0 }));
  return zoneResolver([{ records, unread: [], failing: [] }]);
}
