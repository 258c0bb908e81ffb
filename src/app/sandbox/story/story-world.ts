/**
 * Who takes part in the story beside the sandbox's own offices: a start-up's domain, the host of its mailboxes, and the service that
 * sends for its application, each with the zones and the addresses that such services have. All of it is zone files of the sandbox;
 * what the two services want of the domain comes from the catalogue.
 */
import { writeFileSync } from 'node:fs';
import { invariant } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { generateDkimKey, importPrivateKey } from '../../../protocol/dkim/private-keys.ts';
import type { SigningKey } from '../../../protocol/dkim/sign-dkim.ts';
import { senderWants } from '../../../services/setup/setup.ts';
import type { Catalogue, SenderWants, SetupRecord } from '../../../services/setup/types.ts';
import { domainNamed } from '../domain-named.ts';
import { zoneFileOf } from '../zone-files.ts';

export const storyDomain = domainNamed('startup.example');
const nameServer = 'ns.host.test';

/** Addresses of the documentation range of the sandbox's strangers. RFC 5737 §3 */
export const mailboxHost = { name: domainNamed('mail.protonmail.ch'), address: '203.0.113.10' } as const;
export const sendingHost = { name: domainNamed('o1.ptr1234.sendgrid.net'), address: '203.0.113.20' } as const;

const mailboxDeclared = {
  token: 'dexample7q2n4k6j5h3g2f1d0s9a8p7o6i5u4y3t2r1e',
  code: '6b34252054d7c60d3831e1b957c7561bb0d60adb',
};
const serviceDeclared = { id: '12345678', server: 'wl123', label: 'em1234' };

export type StoryWorld = {
  readonly mailbox: SenderWants;
  readonly service: SenderWants;
  /** Signs as the domain, with the key that the mailbox host keeps for it. */
  readonly mailboxKey: SigningKey;
  /** Signs as the service itself. */
  readonly serviceKey: SigningKey;
  /** Signs as the domain, with the key that the service keeps for it. */
  readonly authenticatedKey: SigningKey;
};

export async function openStoryWorld(folder: string, catalogue: Catalogue): Promise<StoryWorld> {
  const mailbox = wants(catalogue, 'proton', mailboxDeclared);
  const service = wants(catalogue, 'sendgrid', serviceDeclared);
  const [own, foreign, lent] = await Promise.all([makeKey(), makeKey(), makeKey()]);
  writeZones(folder, { mailbox, service, own: own.record, foreign: foreign.record, lent: lent.record });
  return {
    mailbox,
    service,
    mailboxKey: own.signs(storyDomain, 'protonmail'),
    serviceKey: foreign.signs(domainNamed('sendgrid.net'), 'smtpapi'),
    authenticatedKey: lent.signs(storyDomain, 's1'),
  };
}

function wants(catalogue: Catalogue, id: string, parameters: Readonly<Record<string, string>>): SenderWants {
  const definition = catalogue.find(id);
  invariant(definition, `the catalogue has ${id}`);
  const filled = senderWants(definition, storyDomain, parameters);
  invariant(filled.ok, `what ${id} wants can be filled`);
  return filled.value;
}

type Key = { readonly record: string; readonly signs: (domain: DomainName, selector: string) => SigningKey };

async function makeKey(): Promise<Key> {
  const { privateKeyPem, publicRecord } = await generateDkimKey('rsa-sha256');
  const key = importPrivateKey(privateKeyPem);
  invariant(key.ok, 'a key that was just made can be read');
  const { algorithm, privateKey } = key.value;
  return { record: publicRecord, signs: (domain, selector) => ({ domain, selector, algorithm, privateKey }) };
}

type Published = Readonly<Record<'own' | 'foreign' | 'lent', string>> &
  Readonly<Record<'mailbox' | 'service', SenderWants>>;

/** What the two services publish about themselves. */
function writeZones(folder: string, { mailbox, service, own, foreign, lent }: Published): void {
  const target = ({ records }: SenderWants, name: string) =>
    records.find((record) => record.name === `${name}.${storyDomain}`)?.value ?? '';
  const returnPath = target(service, serviceDeclared.label);
  const write = (apex: string, records: readonly SetupRecord[]) => writeZone(folder, domainNamed(apex), records);
  write('protonmail.ch', [
    { name: mailboxHost.name, type: 'A', value: mailboxHost.address },
    { name: 'mailsec.protonmail.ch', type: 'A', value: mailboxHost.address },
    { name: '_spf.protonmail.ch', type: 'TXT', value: `v=spf1 ip4:${mailboxHost.address} ~all` },
  ]);
  write('proton.ch', [{ name: target(mailbox, 'protonmail._domainkey'), type: 'TXT', value: own }]);
  write('sendgrid.net', [
    { name: 'sendgrid.net', type: 'TXT', value: `v=spf1 ip4:${sendingHost.address} ~all` },
    { name: 'sendgrid.net', type: 'MX', value: '10 mx.sendgrid.net' },
    { name: 'mx.sendgrid.net', type: 'A', value: sendingHost.address },
    { name: sendingHost.name, type: 'A', value: sendingHost.address },
    { name: 'smtpapi._domainkey.sendgrid.net', type: 'TXT', value: foreign },
    { name: target(service, 's1._domainkey'), type: 'TXT', value: lent },
    { name: returnPath, type: 'TXT', value: `v=spf1 ip4:${sendingHost.address} -all` },
    { name: returnPath, type: 'MX', value: '10 mx.sendgrid.net' },
  ]);
  write('113.0.203.in-addr.arpa', [
    { name: '10.113.0.203.in-addr.arpa', type: 'PTR', value: mailboxHost.name },
    { name: '20.113.0.203.in-addr.arpa', type: 'PTR', value: sendingHost.name },
  ]);
}

/** The zone of the start-up, as it stands at this point of the story. @param serial tells one from the next */
export function publishStory(folder: string, records: readonly SetupRecord[], serial: number): void {
  writeZone(folder, storyDomain, records, serial);
}

/** Nothing may be kept: the story changes the zone and looks at once. */
const ttlSeconds = 0;

function writeZone(folder: string, apex: DomainName, records: readonly SetupRecord[], serial = 1): void {
  const lines = [
    `$TTL ${ttlSeconds}`,
    `${apex}. SOA ${nameServer}. hostmaster.host.test. ${serial} 3600 600 86400 ${ttlSeconds}`,
    `${apex}. NS ${nameServer}.`,
    ...records.map(({ name, type, value }) => `${name}. ${type} ${masterText(type, value)}`),
    '',
  ];
  writeFileSync(zoneFileOf(folder, apex), lines.join('\n'), { mode: 0o600 });
}

/** The value as a master file writes it: names absolute, strings of at most 255 octets. RFC 1035 §3.3.14, §5.1 */
export function masterText(type: string, value: string): string {
  if (type === 'TXT') return (value.match(/.{1,255}/g) ?? ['']).map((piece) => `"${piece}"`).join(' ');
  return type === 'A' ? value : `${value}.`;
}
