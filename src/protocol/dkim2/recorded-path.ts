/** An envelope address as mf= and rt= record it: base64 of the path, brackets included. dkim2-spec-03 §8.5, dkim2-spec-03 §8.6 */
import type { DomainName } from '../../format/domain-name.ts';
import { formatAddrSpec } from '../../format/mailbox.ts';
import { parsePath } from '../../format/smtp-path.ts';

export type EnvelopePath = {
  /** Without brackets, '' for the null path. What is compared: domain in lower case, local part as it is. dkim2-spec-03 §11.4 */
  readonly text: string;
  /** Undefined for the null path, for postmaster alone and for address literals. */
  readonly domain: DomainName | undefined;
};

export type RecordedPath = EnvelopePath & { readonly hasBrackets: boolean };

/** @param octets what the base64 held */
export function readRecordedPath(octets: Uint8Array): RecordedPath | undefined {
  const text = decode(octets);
  if (text === undefined) return undefined;
  const hasBrackets = text.startsWith('<') && text.endsWith('>');
  const path = text === '' ? undefined : readPath(hasBrackets ? text : `<${text}>`);
  return path && { ...path, hasBrackets };
}

/** What the session says, with or without brackets. */
export function readEnvelopePath(text: string): EnvelopePath | undefined {
  return readPath(text.startsWith('<') ? text : `<${text}>`);
}

function readPath(path: string): EnvelopePath | undefined {
  const read = parsePath(path);
  if (!read.ok) return read.code === 'address-literal' ? { text: lowerLiteral(path), domain: undefined } : undefined;
  if (read.value.kind === 'null') return { text: '', domain: undefined };
  if (read.value.kind === 'postmaster') return { text: 'postmaster', domain: undefined };
  return { text: formatAddrSpec(read.value.mailbox), domain: read.value.mailbox.domain };
}

/** `<ann@[IPv6:2001:DB8::1]>`: the literal is the last bracket, whatever stands in a quoted local part. */
function lowerLiteral(path: string): string {
  const inside = path.slice(1, -1);
  const literal = inside.lastIndexOf('[');
  return inside.slice(0, literal) + inside.slice(literal).toLowerCase();
}

function decode(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}
