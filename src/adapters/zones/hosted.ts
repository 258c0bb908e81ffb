/** `ZoneEditor` over the zones that this office answers for itself: one transaction compares and changes. */
import { accept, refuse } from '../../base/outcome.ts';
import type { HostedZones } from '../../services/setup/hosted/types.ts';
import type { ZoneEditor } from '../../services/setup/zone-editor.ts';

export function hostedEditor(zones: HostedZones): ZoneEditor {
  return {
    kind: 'hosted',
    ability: { atomic: true, compares: true },
    read: async (domain) => {
      const found = await zones.find(domain);
      return found === undefined ? refuse('no-such-zone', `${domain} lies in no zone of this office.`) : accept(found);
    },
    apply: async (zone, changes) => {
      const changed = await zones.change(zone, changes);
      return changed.ok ? { ok: true, done: changes.length } : { ...changed, done: 0 };
    },
  };
}
