/**
 * Domain Connect, the synchronous flow: the link on which a person agrees that the DNS host applies a template, signed over the very
 * query string; the TXT records in which the key for that is published, in parts; and both read again, as a host does.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { invariant } from '../../../base/outcome.ts';

export type ConnectWish = {
  readonly providerId: string;
  readonly serviceId: string;
  readonly domain: string;
  /** Below the domain; empty for the domain itself. */
  readonly host: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly redirectUri?: string;
  /** Comes back with the person, and proves nothing. */
  readonly state?: string;
  /** Only these parts of the template. */
  readonly groups?: readonly string[];
};

/** `name`: the label below the template's `syncPubKeyDomain` where the public half stands. */
export type ConnectKey = { readonly name: string; readonly key: KeyObject };

/** Parameters of the flow; no variable of a template may be called so. */
const reserved = ['domain', 'host', 'redirect_uri', 'state', 'groupId', 'sig', 'key', 'providerName', 'serviceName'];

export function applyLink(urlSyncUX: string, wish: ConnectWish, { name, key }: ConnectKey): string {
  const query = queryOf(wish);
  const signature = sign('sha256', Buffer.from(query, 'utf8'), key).toString('base64'); // RSA, PKCS #1 v1.5
  const template = `providers/${encodeURIComponent(wish.providerId)}/services/${encodeURIComponent(wish.serviceId)}`;
  return `${urlSyncUX}/v2/domainTemplates/${template}/apply?${query}&sig=${encodeURIComponent(signature)}&key=${encodeURIComponent(name)}`;
}

function queryOf({ domain, host, variables, redirectUri, state, groups = [] }: ConnectWish): string {
  invariant(
    Object.keys(variables).every((name) => !reserved.includes(name)),
    'a variable is called like a parameter',
  );
  const pairs = Object.entries({
    domain,
    ...(host ? { host } : {}),
    ...variables,
    ...(redirectUri === undefined ? {} : { redirect_uri: redirectUri }),
    ...(state === undefined ? {} : { state }),
    ...(groups.length === 0 ? {} : { groupId: groups.join(',') }),
  });
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** As the host sees it: the query as it came, without what came with the signature. */
export function isSignedBy(link: string, keyTexts: readonly string[]): boolean {
  const query = link.slice(link.indexOf('?') + 1).split('&');
  const own = query.filter((pair) => !/^(?:sig|key)=/.test(pair)).join('&');
  const signature = query.find((pair) => pair.startsWith('sig='))?.slice('sig='.length);
  const key = readKeyTexts(keyTexts);
  if (signature === undefined || key === undefined) return false;
  return verify('sha256', Buffer.from(own, 'utf8'), key, Buffer.from(decodeURIComponent(signature), 'base64'));
}

/** Of a text: the rest of 255 octets is for `p=1,a=RS256,d=`. RFC 1035 §3.3.14 */
const partOctets = 230;

/** The TXT records at the key's name. */
export function keyTexts(key: KeyObject): readonly string[] {
  const data = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  const parts = data.match(new RegExp(`.{1,${partOctets}}`, 'g')) ?? [];
  return parts.map((part, at) => `p=${at + 1},a=RS256,d=${part}`);
}

/** Parts come in any order; undefined when they are no RSA key. */
function readKeyTexts(texts: readonly string[]): KeyObject | undefined {
  const parts = texts.map((text) => /^p=([0-9]{1,2}),a=RS256,(?:t=x509,)?d=([A-Za-z0-9+/=]+)$/.exec(text.trim()));
  const ordered = parts.toSorted((one, other) => Number(one?.[1]) - Number(other?.[1]));
  if (ordered.length === 0 || ordered.some((part, at) => Number(part?.[1]) !== at + 1)) return undefined;
  try {
    const der = Buffer.from(ordered.map((part) => part?.[2]).join(''), 'base64');
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
