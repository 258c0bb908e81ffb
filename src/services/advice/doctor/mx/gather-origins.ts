/** Domains that mail is sent from: those in From, and those that bounces go to. */
import { isEqualOrBelow, type QueryName } from '../../../../format/domain-name.ts';
import type { FixRecord } from '../../types.ts';
import { type Asked, ask } from '../ask.ts';
import { isBeyondZone } from '../beyond-zone.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type Origin = {
  readonly name: string;
  readonly kind: 'from' | 'return-path';
  /** Who sends from it. */
  readonly labels: readonly string[];
  readonly mx: Asked<'MX'>;
  readonly address: Asked<'A'>;
  readonly address6: Asked<'AAAA'>;
  readonly isBeyond: boolean;
  /** A person said that it is used; else it may be the default of a service that is used otherwise. */
  readonly isDeclared: boolean;
  /** What the sender wants there, so that bounces come back. */
  readonly wanted: readonly FixRecord[];
};

type Named = Pick<Origin, 'name' | 'kind' | 'labels' | 'isDeclared' | 'wanted'>;

/** Twenty senders with a sub-domain and a return path each. (Our choice.) */
const originsMax = 40;

export async function gatherOrigins(world: DoctorWorld, subject: GatherSubject): Promise<readonly Origin[]> {
  const named = (await namedOrigins(subject)).slice(0, originsMax);
  return Promise.all(
    named.map(async (origin) => {
      const [mx, address, address6] = await Promise.all([
        ask(world, origin.name, 'MX'),
        ask(world, origin.name, 'A'),
        ask(world, origin.name, 'AAAA'),
      ]);
      // A return path may be an alias into the service's own zone, which zone text knows nothing of.
      const alias = await ask(world, origin.name, 'CNAME');
      const end = alias.kind === 'found' ? (alias.records[0] ?? origin.name) : origin.name;
      const isBeyond = await isBeyondZone(world, subject.domain, end, mx);
      return { ...origin, mx, address, address6, isBeyond };
    }),
  );
}

async function namedOrigins({ senders, domain, office }: GatherSubject): Promise<readonly Named[]> {
  const known = await senders;
  const byName = new Map<string, Named>();
  const add = (one: Named) => {
    const before = byName.get(one.name);
    const labels = [...new Set([...(before?.labels ?? []), ...one.labels])];
    const isDeclared = one.isDeclared || before?.isDeclared === true;
    byName.set(one.name, { ...(before ?? one), labels, isDeclared });
  };
  if (office !== undefined && office.keys.length > 0) {
    const labels = ['This office'];
    add({ name: domain, kind: 'from', labels, isDeclared: true, wanted: [] });
    const name = `bounce.${domain}`;
    const wanted = [{ name, type: 'MX', value: `10 ${office.hostname}` }];
    add({ name, kind: 'return-path', labels, isDeclared: true, wanted });
  }
  for (const { wants, isDeclared } of known.filter(({ wants }) => wants.sender.sends)) {
    const label = wants.sender.name;
    add({ name: wants.domain, kind: 'from', labels: [label], isDeclared, wanted: [] });
    const paths = wants.records.filter(
      ({ purpose, name }) => purpose === 'return-path' && isEqualOrBelow(name as QueryName, domain),
    );
    for (const name of new Set(paths.map((record) => record.name))) {
      const wanted = paths
        .filter((record) => record.name === name)
        .map(({ type, value }): FixRecord => ({ name, type, value }));
      add({ name, kind: 'return-path', labels: [label], isDeclared, wanted });
    }
  }
  return [...byName.values()];
}
