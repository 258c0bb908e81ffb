/** Values of options that several commands take, from text to what they mean. Pure. */
import { type Mailbox, parseMailbox } from '../../format/address.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import { CliError } from './cli-error.ts';
import type { ServerAddress } from './cli-host.ts';
import { exits } from './exits.ts';
import { visible } from './render-timeline.ts';

const dnsPort = 53;

/** `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`, `2001:db8::53`, `ns.example.com` */
export function readServer(text: string): ServerAddress {
  if (parseIpAddress(text) !== undefined) return { host: text, port: dnsPort };
  const match = /^\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? dnsPort : Number(match[2]);
  if (!match?.[1] || port === 0 || port > 65_535)
    throw bad('bad_resolver', `--resolver ${text} is no name server: HOST or HOST:PORT is wanted.`, [
      '--resolver 127.0.0.1:1053',
    ]);
  return { host: match[1], port };
}

export function readClock(text: string): number {
  const atMs = parseInstant(text);
  if (atMs === undefined)
    throw bad('bad_clock', `--clock ${text} is no time: it reads like 2026-11-22T06:00:00Z.`, [
      '--clock 2026-11-22T06:00:00Z',
    ]);
  return atMs;
}

/** An ISO 8601 time that says its offset (RFC 3339 §5.6), or a date alone, which is its midnight UTC. */
export function parseInstant(text: string): number | undefined {
  const form = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;
  const atMs = form.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** `90s`, `5m`, `1h` -> milliseconds */
export function readTimeout(text: string, option = '--timeout'): number {
  const match = /^(\d{1,6})(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'];
  if (!match?.[1] || unit === undefined)
    throw bad('bad_timeout', `${option} ${text} is no duration: it reads like 30s or 5m.`, [`${option} 30s`]);
  return Number(match[1]) * unit;
}

export function readCount(text: string, option: string, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > most)
    throw bad('bad_count', `${option} ${text} is out of range: 1 to ${most}.`, [`${option} 20`]);
  return count;
}

export function readDomain(text: string): DomainName {
  const name = parseDomainName(text);
  if (name === undefined)
    throw bad('bad_domain', `${text} is no domain name.`, ['give a name like example.com, without a protocol or an @']);
  return name;
}

export function readMailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  if (!parsed.ok)
    throw bad('bad_address', `${text} is no address: ${parsed.say}.`, ['give an address like ann@example.com']);
  return parsed.value;
}

/** Bad input: what is wrong, and what to give instead. */
export function bad(code: string, say: string, next: readonly string[]): CliError {
  return new CliError({ exit: exits.badInput, code, say: visible(say), next: next.join(' ') });
}
