/** The contract of zone editors for hosts that are replayed: no socket, no waiting. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { HostWorld } from '../../../src/adapters/zones/call-host.ts';
import type { RecordSet, SetupType } from '../../../src/services/setup/types.ts';
import type { ZoneEditor } from '../../../src/services/setup/zone-editor.ts';
import { changeOf, contractZone, type HostTrouble, set, zoneEditorContract } from '../../contracts/zone-editor.ts';
import { noTime, type Replay } from './replay.ts';

export type ReplayedHost = {
  readonly replay: (sets: readonly RecordSet[]) => Replay;
  readonly editor: (world: HostWorld) => ZoneEditor;
  readonly secret: string;
  /** All but `hangs`, for which one has to wait. */
  readonly troubles?: readonly HostTrouble[];
  readonly cannotHold?: (type: SetupType, value: string) => boolean;
};

export function hostContract({
  replay,
  editor,
  secret,
  troubles = ['denied', 'limited', 'broken', 'half'],
  cannotHold,
}: ReplayedHost): void {
  const open = (sets: readonly RecordSet[], trouble?: HostTrouble) => {
    const host = replay(sets);
    host.trouble(trouble);
    return {
      editor: editor({ exchange: host.exchange, timers: noTime, base: host.base }),
      meddle: async (set: RecordSet) => host.put(set),
      foreign: async () => host.foreign(),
      calm: () => host.trouble(undefined),
    };
  };
  zoneEditorContract({
    open: async (_t, sets) => open(sets),
    openTroubled: async (_t, sets, trouble) => open(sets, trouble),
    troubles,
    secret,
    ...(cannotHold ? { cannotHold } : {}),
  });
  describeLastMoment({ replay, editor });
}

/** Between our last look and our change: a host that compares has to find it out; the others cannot. */
function describeLastMoment({ replay, editor }: Pick<ReplayedHost, 'replay' | 'editor'>): void {
  const { exchange, base } = replay([]);
  if (!editor({ exchange, timers: noTime, base }).ability.compares) return;
  const [ours, theirs, before] = ['ours', 'theirs', 'before'].map((word) =>
    set(contractZone, 'TXT', [`v=spf1 include:${word}.example -all`]),
  );
  for (const held of [before, undefined]) {
    test(`what is changed at the last moment${held ? '' : ', where nothing was,'} is found out by the host`, async () => {
      const host = replay(held ? [held] : []);
      const exchange: typeof host.exchange = async (url, request, signal) => {
        if (request.method !== 'GET' && !host.isElsewhere?.(url.pathname)) host.put(theirs as RecordSet);
        return host.exchange(url, request, signal);
      };
      const zone = editor({ exchange, timers: noTime, base: host.base });
      const result = await zone.apply(contractZone, [changeOf(held, ours)]);
      assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
      const read = await zone.read(contractZone);
      assert.deepEqual(read.ok && read.value.sets.filter(({ type }) => type === 'TXT'), [theirs]);
    });
  }
}
