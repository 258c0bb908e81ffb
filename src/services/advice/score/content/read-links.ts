/** The links of a message, each with the host it leads to, or with what is wrong with it. Nothing is looked up. */
import type { HtmlFacts, HtmlLink } from '../../../../format/html/read-html.ts';
import { isPublicAddress, parseIpAddress } from '../../../../format/ip-address.ts';
import type { Link, LinkTrouble } from './types.ts';

/** As many as the HTML reader keeps. */
const linksMax = 5_000;
/** Longer ones are cut by mail programs. */
const plainUrlMax = 2_048;

export function readLinks({
  html,
  plain,
}: {
  readonly html?: HtmlFacts | undefined;
  readonly plain?: string | undefined;
}): Link[] {
  if (html === undefined) return plain === undefined ? [] : plainLinks(plain);
  const readings = new Map<string, Reading>();
  return html.links.map(({ href, text }: HtmlLink): Link => {
    const known = readings.get(href);
    const reading = known ?? readHref(href, html);
    if (known === undefined) readings.set(href, reading);
    const { scheme, host, trouble } = reading;
    if (trouble === undefined) return { href, text, place: 'html', scheme, host };
    return { href, text, place: 'html', scheme, host, trouble };
  });
}

/** What a mail program makes links of by itself. */
function plainLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const [found] of text.matchAll(/\bhttps?:\/\/[^\s<>"\u0000-\u001f]{1,2048}/gi)) {
    if (links.length >= linksMax) break;
    const href = found.slice(0, plainUrlMax).replace(/[.,;:!?)\]}'*_]{1,9}$/, '');
    links.push({ href, text: href, place: 'text', ...readUrl(href) });
  }
  return links;
}

type Reading = { readonly scheme: string; readonly host: string; readonly trouble?: LinkTrouble };

/** Forms that senders' programs fill in: `{{url}}`, `%%url%%`, `*|URL|*`, `[[url]]`, `<%= url %>`, `${url}`. */
const placeholder = /\{\{|\}\}|%%|\*\||\|\*|\[\[|\]\]|<%|%>|\$\{/;
/** A host in plain letters and whatever follows it: no need to ask for more. */
const plainUrl = /^(https?:)\/\/([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,9}\.[a-z]{2,63})(?:[/?#][!-~]*)?$/;

function readHref(href: string, { base, anchors }: HtmlFacts): Reading {
  if (href === '' || href === '#') return broken('empty');
  if (placeholder.test(href)) return broken('placeholder');
  if (href.startsWith('#')) return anchors.has(href.slice(1)) ? { scheme: '#', host: '' } : broken('no-anchor');
  if (/^[a-z][a-z0-9+.-]{0,30}:/i.test(href)) return readUrl(href);
  return base === undefined ? broken('relative') : readUrl(href, base);
}

function readUrl(href: string, base?: string): Reading {
  const plain = base === undefined ? plainUrl.exec(href) : null;
  if (plain !== null) return withHost(plain[1] as string, plain[2] as string);
  const url = URL.parse(href, base);
  if (url === null) return broken('syntax');
  const scheme = url.protocol;
  if (scheme === 'javascript:' || scheme === 'vbscript:' || scheme === 'data:') return broken('script');
  if (scheme === 'mailto:')
    return url.pathname.includes('@') || url.search !== '' ? { scheme, host: '' } : broken('syntax');
  if (scheme !== 'http:' && scheme !== 'https:') return { scheme, host: '' };
  // the URL standard mends what mail programs do not: a missing slash, an empty host
  if (base === undefined && !/^https?:\/\/[^/?#\\]/i.test(href)) return broken('no-host');
  return withHost(scheme, url.hostname);
}

function withHost(scheme: string, host: string): Reading {
  return isOnlyHere(host) ? { scheme, host, trouble: 'local' } : { scheme, host };
}

/** Names and addresses that lead nowhere from another machine. RFC 6761 §6.3, §6.4 */
function isOnlyHere(host: string): boolean {
  const address = parseIpAddress(host.replace(/^\[|\]$/g, ''));
  if (address !== undefined) return !isPublicAddress(address);
  return !host.includes('.') || /\.(?:localhost|invalid|local|internal|home\.arpa)$/.test(host);
}

function broken(trouble: LinkTrouble): Reading {
  return { scheme: '', host: '', trouble };
}
