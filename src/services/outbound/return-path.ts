/**
 * Our signed return paths: `b+<id>.<mac>@bounce.<domain>`. A bounce that comes back to one names the message or delivery it is
 * about without anybody reading its text, and without the MAC nobody else can make one. Pure.
 */
import { createHmac } from 'node:crypto';
import { base32, equalConstantTime, utf8 } from '../../base/bytes.ts';
import { isId } from '../../base/id.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { DeliveryId, MessageId } from './types.ts';

/** 80 bit: 16 characters. With "b+", 26 of id, a prefix letter and a dot the local part has 46 of the 64 octets it may have. */
const macBytes = 10;
const bounceLabel = 'bounce';
const shape = /^b\+([md])([0-9a-z]{26})\.([0-9a-z]{16})$/i;

export type ReturnPathSubject = MessageId | DeliveryId;

/** The host that receives bounces for a domain. */
export function bounceDomainOf(domain: DomainName): DomainName {
  return `${bounceLabel}.${domain}` as DomainName;
}

/** The domain whose bounces a host receives, or undefined when it is no bounce host. */
export function domainOfBounceHost(host: DomainName): DomainName | undefined {
  return host.startsWith(`${bounceLabel}.`) ? (host.slice(bounceLabel.length + 1) as DomainName) : undefined;
}

function macOf(key: Uint8Array, tagged: string): string {
  const mac = createHmac('sha256', key).update(`return-path:${tagged}`).digest();
  return base32(mac.subarray(0, macBytes));
}

/** The whole address, the same over all retries of its subject. */
export function writeReturnPath(key: Uint8Array, subject: ReturnPathSubject, domain: DomainName): string {
  const tagged = (subject.startsWith('em_') ? 'm' : 'd') + subject.slice(subject.indexOf('_') + 1);
  return `b+${tagged}.${macOf(key, tagged)}@${bounceDomainOf(domain)}`;
}

/**
 * What a return path is about; undefined for everything we did not sign. Case is folded first: some servers change it on the way.
 */
export function readReturnPath(key: Uint8Array, localPart: string): ReturnPathSubject | undefined {
  const [, kind = '', id = '', mac = ''] = shape.exec(localPart)?.map((text) => text.toLowerCase()) ?? [];
  if (kind === '' || !equalConstantTime(utf8(mac), utf8(macOf(key, kind + id)))) return undefined;
  const subject = kind === 'm' ? `em_${id}` : `del_${id}`;
  return isId('em', subject) || isId('del', subject) ? subject : undefined;
}

/** When the id was made (UUID v7: the first 48 bits are milliseconds), to let return paths run out. */
export function madeAtMs(subject: ReturnPathSubject): number {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let bits = 0n;
  for (const character of subject.slice(subject.indexOf('_') + 1, subject.indexOf('_') + 11)) {
    bits = (bits << 5n) | BigInt(Math.max(alphabet.indexOf(character), 0));
  }
  return Number(bits >> 2n); // 10 characters hold 50 bits
}
