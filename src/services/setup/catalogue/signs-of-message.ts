/** The signs that a message carries in its header: who signed, where it bounces to, which machines handed it on. Pure. */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { fieldBody, fieldsNamed, type MessageIndex, unfold } from '../../../format/message/message-index.ts';
import { readReceived } from '../../../format/message/read-received.ts';
import { parseTagList } from '../../../format/tag-list.ts';
import { readAuthor } from '../../../protocol/read-author.ts';
import type { SenderSigns } from '../types.ts';
import { signsOfSource } from './signs-of-source.ts';

/** A message has a few of each; what is beyond that was written to keep us busy. */
const fieldsMax = 20;

export type SignsOfMessage = SenderSigns & { readonly author?: DomainName };

export function signsOfMessage(index: MessageIndex): SignsOfMessage {
  const from = readAuthor(index);
  const author = from.kind === 'one' ? { author: from.domain } : {};
  const source = {
    ...author,
    signatures: bodiesOf(index, 'dkim-signature').flatMap(signerOf),
    mailFrom: bodiesOf(index, 'return-path').flatMap(domainOfPath),
    hosts: bodiesOf(index, 'received').flatMap((body) => parseDomainName(readReceived(body).from ?? '') ?? []),
  };
  return { ...signsOfSource(source), ...author };
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
  return domain === undefined || selector === undefined ? [] : [{ domain, selector }];
}

function domainOfPath(body: string): DomainName[] {
  const path = body.trim().replace(/^<|>$/g, '');
  const domain = parseDomainName(path.slice(path.lastIndexOf('@') + 1));
  return domain === undefined || !path.includes('@') ? [] : [domain];
}
