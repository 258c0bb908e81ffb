/** The signs that a message carries in its header: who signed, where it bounces to, which machine handed it over. Pure. */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { fieldBody, fieldsNamed, type MessageIndex, unfold } from '../../../format/message/message-index.ts';
import { readReceived } from '../../../format/message/read-received.ts';
import { parseTagList } from '../../../format/tag-list.ts';
import { readAuthor } from '../../../protocol/read-author.ts';
import type { SenderSigns } from '../types.ts';

/** A message has a few of each; what is beyond that was written to keep us busy. */
const fieldsMax = 20;

export type SignsOfMessage = SenderSigns & { readonly author?: DomainName };

export function signsOfMessage(index: MessageIndex): SignsOfMessage {
  const from = readAuthor(index);
  const author = from.kind === 'one' ? from.domain : undefined;
  const signatures = bodiesOf(index, 'dkim-signature').flatMap(signerOf);
  const isOwn = (domain: string) => author !== undefined && organisationsMeet(domain, author);
  return {
    ...(author !== undefined && { author }),
    selectors: signatures.filter(({ domain }) => isOwn(domain)).map(({ selector }) => ({ selector })),
    dkimDomains: signatures.map(({ domain }) => domain).filter((domain) => !isOwn(domain)),
    spfDomains: bodiesOf(index, 'return-path')
      .flatMap(domainOfPath)
      .filter((domain) => domain !== author),
    hosts: bodiesOf(index, 'received').flatMap((body) => {
      const name = parseDomainName(readReceived(body).from ?? '');
      return name === undefined || isOwn(name) ? [] : [name];
    }),
  };
}

function bodiesOf(index: MessageIndex, name: string): readonly string[] {
  return fieldsNamed(index, name)
    .slice(0, fieldsMax)
    .map((field) => unfold(fieldBody(index, field)));
}

function signerOf(body: string): { readonly domain: DomainName; readonly selector: string }[] {
  const tags = parseTagList(body);
  const domain = tags.ok ? parseDomainName(tags.value.get('d')?.value ?? '') : undefined;
  const selector = tags.ok ? tags.value.get('s')?.value : undefined;
  return domain === undefined || selector === undefined ? [] : [{ domain, selector: selector.toLowerCase() }];
}

function domainOfPath(body: string): DomainName[] {
  const path = body.trim().replace(/^<|>$/g, '');
  const domain = parseDomainName(path.slice(path.lastIndexOf('@') + 1));
  return domain === undefined || !path.includes('@') ? [] : [domain];
}

/** One is the other or below it, either way: enough to tell a name of one's own from a provider's. */
function organisationsMeet(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
