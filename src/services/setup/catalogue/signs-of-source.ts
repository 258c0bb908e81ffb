/**
 * The signs of one source: a row of a DMARC report, or what a message shows. Signatures of the author's domain tell by their selector,
 * those of others by their domain; names of the domain itself tell nothing. Pure.
 */
import type { SenderSigns } from '../types.ts';

export type MailSource = {
  /** The domain in From, or better its organizational domain: names above and below it are its own. */
  readonly author?: string;
  readonly signatures?: readonly { readonly domain: string; readonly selector?: string; readonly target?: string }[];
  /** Domains that SPF was looked up for. */
  readonly mailFrom?: readonly string[];
  /** What the address is called: PTR, or what it called itself. */
  readonly hosts?: readonly string[];
};

export function signsOfSource({ author, signatures = [], mailFrom = [], hosts = [] }: MailSource): SenderSigns {
  const own = author?.toLowerCase();
  const isOwn = (domain: string) => own !== undefined && isSameOrBelow(domain.toLowerCase(), own);
  const isForeign = (domain: string) => !isOwn(domain);
  return {
    selectors: signatures.flatMap(({ domain, selector, target }) =>
      selector === undefined || isForeign(domain)
        ? []
        : [{ selector: selector.toLowerCase(), ...(target !== undefined && { target }) }],
    ),
    dkimDomains: signatures.map(({ domain }) => domain).filter(isForeign),
    spfDomains: mailFrom.filter(isForeign),
    hosts: hosts.filter(isForeign),
  };
}

/** Either way round: mail of `news.example.com` is signed by `example.com`, and the other way. */
function isSameOrBelow(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
