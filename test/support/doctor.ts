/** A domain looked at by the doctor in a test: its zone as text, and hosts as the test says they are. */
import assert from 'node:assert/strict';
import { loadCatalogue } from '../../src/app/load-catalogue.ts';
import { type DomainName, parseDomainName } from '../../src/format/domain-name.ts';
import { parseZoneText } from '../../src/format/zone-file.ts';
import { resolverAsAuthority } from '../../src/protocol/dns/authorities.ts';
import { zoneNames } from '../../src/protocol/dns/zone-names.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { checks } from '../../src/services/advice/doctor/checks/checks.ts';
import { gatherFacts } from '../../src/services/advice/doctor/gather-facts.ts';
import { findingsOf, rules } from '../../src/services/advice/doctor/judge-domain.ts';
import { recordedWorld } from '../../src/services/advice/doctor/recorded-world.ts';
import type { DoctorWorld, DomainFacts, KnownSender, Subject } from '../../src/services/advice/doctor/types.ts';
import type { Finding, FindingStatus } from '../../src/services/advice/types.ts';
import { gatherSigns, parseDeclaredSender, senderWants } from '../../src/services/setup/setup.ts';

const catalogue = await loadCatalogue();

export type Scene = Partial<Omit<Subject, 'domain' | 'catalogue'>> & {
  /** `example.com` by default. */
  readonly domain?: string;
  /** Master-file text with the rules of `--zone`. */
  readonly zone: string;
  /** As on the command line: `sendgrid:id=12`. */
  readonly senders?: readonly string[];
  /** As with `--zone`: nothing but the text is known, and no server can be asked. */
  readonly isUnpublished?: boolean;
  readonly world?: Partial<DoctorWorld>;
  /** Looks at less than everything, for families whose rules read nothing else. */
  readonly gather?: typeof gatherFacts;
};

export const clinicNowMs = Date.UTC(2026, 10, 22, 12);

export async function factsOf({
  domain: named = 'example.com',
  zone,
  senders = [],
  isUnpublished = false,
  world,
  gather,
  ...subject
}: Scene): Promise<DomainFacts> {
  const domain = parseDomainName(named);
  assert.ok(domain, named);
  const resolver = world?.resolver ?? resolverFromZone(zone);
  const live: DoctorWorld = {
    resolver,
    isPublicResolver: false,
    ...(isUnpublished
      ? { zoneText: { namesBelow: namesOf(zone) } }
      : { authorities: resolverAsAuthority(resolver, 'ns1.example.com') }),
    probes: {},
    nowMs: clinicNowMs,
    ...world,
  };
  const { world: recorded, show } = recordedWorld(live);
  const about = { domain, catalogue, selectors: [], addresses: [], ...subject };
  const known = Promise.resolve(senders.map((text) => declared(text, domain)));
  const signs = gather ? Promise.resolve(noSigns) : gatherSigns(recorded.resolver, catalogue, domain);
  return (gather ?? gatherFacts)(recorded, { ...about, senders: known, signs }, show);
}

const noSigns = { signs: {}, hasWildcardKeys: false, hasOtherKeys: false, failed: [] };

function namesOf(zone: string) {
  const read = parseZoneText(zone);
  assert.ok(read.ok, zone);
  return zoneNames([read.value]);
}

function declared(text: string, domain: DomainName): KnownSender {
  const sender = parseDeclaredSender(catalogue, text);
  assert.ok(sender.ok, text);
  const definition = catalogue.find(sender.value.sender);
  assert.ok(definition, text);
  const wants = senderWants(definition, domain, sender.value.parameters, text);
  assert.ok(wants.ok, text);
  return { wants: wants.value, isDeclared: true };
}

/** What the rules of one check say. The check has to be in the table, and a rule for it among the rules. */
export async function findingsFor(id: keyof typeof checks, scene: Scene): Promise<readonly Finding[]> {
  const own = rules.filter((rule) => rule.id === id);
  assert.ok(id in checks && own.length > 0, `no rule for ${id}`);
  const facts = await factsOf(scene);
  return own.flatMap((rule) => findingsOf(rule, facts));
}

/** The one finding of a check, which has to have this status. */
export async function theFinding(id: keyof typeof checks, status: FindingStatus, scene: Scene): Promise<Finding> {
  const findings = await findingsFor(id, scene);
  const [finding] = findings;
  assert.ok(
    finding && findings.length === 1,
    `${id}: ${findings.length} findings: ${findings.map(({ meaning }) => meaning)}`,
  );
  assert.equal(finding.status, status, finding.meaning);
  return finding;
}
