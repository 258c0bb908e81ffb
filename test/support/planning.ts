/** Plans over zone text, as lines; and a plan carried out on zone text, so that it can be planned again. */
import assert from 'node:assert/strict';
import { readSenderFiles } from '../../src/adapters/catalogue/read-sender-files.ts';
import { systemClock } from '../../src/base/clock.ts';
import { dnsNameKey, parseDnsName } from '../../src/format/dns-name.ts';
import { dataOfValue, recordValue } from '../../src/format/record-set.ts';
import { parseZoneText, zoneText } from '../../src/format/zone-file.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { readCatalogue, Setup } from '../../src/services/setup/setup.ts';
import type { Catalogue, DomainObserved, OwnOffice, Plan } from '../../src/services/setup/types.ts';

const files = await readSenderFiles();

/** The real one. */
export function realCatalogue(): Catalogue {
  const read = readCatalogue(files);
  assert.ok(read.ok);
  return read.value;
}

const shared = realCatalogue();

export type Wish = {
  readonly senders?: readonly unknown[];
  readonly domain?: string;
  readonly office?: OwnOffice;
} & Readonly<Record<string, unknown>>;

export async function planned(
  zone: string,
  { office, domain = 'example.com', ...wish }: Wish,
): Promise<{ readonly plan: Plan; readonly observed: DomainObserved }> {
  const setup = new Setup({ resolver: resolverFromZone(zone), timers: systemClock, catalogue: shared });
  const declaration = setup.readDeclaration({ domain, ...wish });
  assert.ok(declaration.ok, declaration.ok ? '' : declaration.say);
  const observed = await setup.observe(declaration.value, office ? { office } : {});
  assert.ok(observed.ok, observed.ok ? '' : observed.say);
  const plan = setup.plan(declaration.value, observed.value, office ? { office } : {});
  assert.ok(plan.ok);
  return { plan: plan.value, observed: observed.value };
}

/** `missing example.com MX 1 smtp.google.com`, with what gives way behind ` <- `. */
export function recordTable({ records }: Plan): readonly string[] {
  return records.map(({ state, name, type, value, replaces }) =>
    [`${state} ${name} ${type} ${value}`, ...(replaces ?? [])].join(' <- '),
  );
}

export async function planTable(zone: string, wish: Wish): Promise<readonly string[]> {
  return recordTable((await planned(zone, wish)).plan);
}

export function codes(told: Plan['conflicts'] | Plan['notes']): readonly string[] {
  return told.map(({ code }) => code);
}

/** The zone after somebody did what the plan says, PTR and other zones included. */
export function carriedOut(zone: string, plan: Plan): string {
  const read = parseZoneText(zone);
  assert.ok(read.ok);
  const gone = new Set(
    plan.records.flatMap(({ name, type, value, state, replaces = [] }) =>
      [...replaces, ...(state === 'extra' ? [value] : [])].map((one) => `${name} ${type} ${one}`),
    ),
  );
  const kept = read.value.records.filter(({ name, data }) => {
    const held = recordValue(data);
    return held === undefined || !gone.has(`${dnsNameKey(name)} ${held.type} ${held.value}`);
  });
  const added = plan.records
    .filter(({ state }) => state === 'missing' || state === 'wrong')
    .map(({ name, type, value, ttl }) => {
      const [owner, data] = [parseDnsName(name), dataOfValue(type, value)];
      assert.ok(owner && data, `${name} ${type} ${value} cannot stand in a zone`);
      return { name: owner, ttlSeconds: ttl, data };
    });
  const failing = read.value.failing.map(({ name, why }) => `;!${why.toUpperCase()} ${dnsNameKey(name)}\n`).join('');
  return zoneText([...kept, ...added]) + failing;
}
