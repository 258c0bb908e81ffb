/** What a person put into the one box: which tool answers it, and with which words. Pure. */
import { parseMailbox } from '../../format/address.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { parseIpAddress } from '../../format/ip-address.ts';

export type ToolChoice =
  /** Another command. `takes`: the shared options that it has a use for. */
  | {
      readonly kind: 'command';
      readonly words: readonly string[];
      readonly takes: readonly ('dns' | 'clock')[];
      readonly say: string;
    }
  | { readonly kind: 'record' }
  | { readonly kind: 'header' };

const everything = ['dns', 'clock'] as const;

/** Undefined: nothing that any tool knows. A file is told by whoever may read files. */
export function whichTool(given: string): ToolChoice | undefined {
  const text = recordText(given);
  if (/^(?:[245]\d\d(?:[ -]|$)|[245]\.\d{1,3}\.\d{1,4}(?: |$))/.test(text)) return reply(text);
  if (/\bsaid: [245]\d\d|\bstatus=(?:bounced|deferred)\b|^connect to \S+: /.test(text)) return reply(text);
  if (/^v=[A-Za-z]{3,8}\d/i.test(text) || /(?:^|;)\s*p=[A-Za-z0-9+/=\s]{40,}/.test(text)) return { kind: 'record' };
  if (/^[!-9;-~]{2,70}:[ \t\r\n]/.test(text)) return { kind: 'header' };
  if (parseIpAddress(text) !== undefined)
    return command(['blocklists', text], ['dns'], 'an address: the lists of bad senders that it may be on');
  return nameIn(text);
}

/** What stands in a TXT record, however it was pasted: in quotes, in several strings, or as a whole line of a zone or of dig. */
export function recordText(given: string): string {
  const text = given.trim();
  const value = /^[^\s"]+[ \t]+(?:\d{1,10}[ \t]+)?(?:IN[ \t]+)?TXT[ \t]+([^\n]+)$/i.exec(text)?.[1] ?? text;
  if (!/^"[^"]*"(?:\s+"[^"]*")*$/.test(value)) return value;
  return value.replaceAll(/"\s+"/g, '').slice(1, -1);
}

function reply(text: string): ToolChoice {
  return command(['explain-bounce', text], [], 'the reply of a mail server');
}

function command(
  words: readonly string[],
  takes: readonly ('dns' | 'clock')[],
  say: string,
): Extract<ToolChoice, { kind: 'command' }> {
  return { kind: 'command', words, takes, say };
}

/** A name, and what it is the name of. */
function nameIn(text: string): ToolChoice | undefined {
  const mailbox = text.includes('@') ? parseMailbox(text) : undefined;
  if (mailbox?.ok) return check(mailbox.value.domain, 'a mail address: its domain');
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text).hostname : undefined;
  if (url !== undefined) return hostName(url.replace(/^www\./, ''), 'a web address: its domain');
  const term = /^[+?~-]?(?:include|redirect|a|mx|exists)[:=]([^\s/]+)$/i.exec(text)?.[1];
  if (term !== undefined)
    return command(['spf', 'tree', term], ['dns'], 'a term of an SPF record: what stands behind it');
  const key = /^([^\s.]+(?:\.[^\s.]+)*)\._domainkey\.([^\s]+)$/i.exec(text);
  if (key?.[1] !== undefined && key[2] !== undefined)
    return check(key[2], 'the name of a DKIM key: its domain, with this selector', ['--selector', key[1]]);
  const dmarc = /^_dmarc\.(\S+)$/i.exec(text)?.[1];
  if (dmarc !== undefined) return command(['dmarc', 'show', dmarc], everything, 'the name of a DMARC record');
  const sts = /^_?mta-sts\.(\S+)$/i.exec(text)?.[1];
  if (sts !== undefined) return command(['mta-sts', 'show', sts], everything, 'the name of an MTA-STS record');
  const line = /^(\S+)\s+(?:\d{1,10}\s+)?(?:IN\s+)?(?:A|AAAA|MX|NS|CNAME|SOA|CAA|TLSA|TXT)\s+\S/.exec(text)?.[1];
  if (line !== undefined) return nameIn(line.replace(/\.$/, ''));
  const below = /^(?:_smtp\._tls|default\._bimi|_eml|_posthorn)\.(\S+)$/i.exec(text)?.[1];
  return hostName(below ?? text, below === undefined ? 'a domain' : 'the name of a record: its domain');
}

function hostName(text: string, say: string): ToolChoice | undefined {
  return text.includes('.') && parseDomainName(text.replace(/\.$/, '')) !== undefined ? check(text, say) : undefined;
}

function check(domain: string, say: string, more: readonly string[] = []): ToolChoice {
  return command(['check', domain.replace(/\.$/, ''), ...more], everything, say);
}
