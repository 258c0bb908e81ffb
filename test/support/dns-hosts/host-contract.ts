/** The contract of zone editors for hosts that are replayed: no socket, no waiting. */
import type { HostWorld } from '../../../src/adapters/zones/call-host.ts';
import type { RecordSet, SetupType } from '../../../src/services/setup/types.ts';
import type { ZoneEditor } from '../../../src/services/setup/zone-editor.ts';
import { type HostTrouble, zoneEditorContract } from '../../contracts/zone-editor.ts';
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
}
