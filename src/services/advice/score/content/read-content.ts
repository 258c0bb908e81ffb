/** Reads a message once for all rules: its lines, its parts, the texts that are shown, their links. Never throws, linear in the message. */
import { readHtml } from '../../../../format/html/read-html.ts';
import { watchLines } from '../../../../format/line-ends.ts';
import type { MessageIndex } from '../../../../format/message/message-index.ts';
import {
  type Part,
  partContent,
  partDisposition,
  partFilename,
  partTree,
} from '../../../../format/message/part-tree.ts';
import { decodeCharset } from '../../../../format/mime/charset.ts';
import { readLinks } from './read-links.ts';
import type { Attachment, Content, ContentFacts, Link } from './types.ts';

/** More is looked at by nobody; Gmail shows 102 KB. */
const textOctetsMax = 2_000_000;

export function readContent(facts: ContentFacts): Content {
  const { index } = facts;
  const tree = partTree(index);
  const leaves = shownLeaves(tree.root);
  const texts = (type: string) => leaves.filter((part) => part.contentType.value === type && !isAttached(part));
  const plain = textOf(index, texts('text/plain'));
  const html = textOf(index, texts('text/html'));
  const htmlFacts = html === undefined ? undefined : readHtml(html.text);
  const links = readLinks({ html: htmlFacts, plain: plain?.text });
  return {
    facts,
    index,
    lines: watchLines(index.bytes),
    tree,
    plain: plain?.text,
    html: htmlFacts,
    shownOctets: (html ?? plain)?.octets ?? 0,
    attachments: leaves.flatMap((part) => attachmentOf(part) ?? []),
    links,
    webLinks: links.filter(isToPage),
  };
}

function isToPage({ scheme, trouble }: Link): boolean {
  return trouble === undefined && (scheme === 'http:' || scheme === 'https:');
}

/** The leaves of this message; those of a message attached to it are not its own. */
function shownLeaves(part: Part): Part[] {
  if (part.kind === 'multipart') return part.parts.flatMap(shownLeaves);
  return [part];
}

function isAttached(part: Part): boolean {
  return partDisposition(part)?.value === 'attachment' || partFilename(part) !== undefined;
}

function attachmentOf(part: Part): Attachment | undefined {
  const type = part.contentType.value;
  const isText = type === 'text/plain' || type === 'text/html';
  if (part.kind === 'leaf' && isText && !isAttached(part)) return undefined;
  return { part, name: partFilename(part) ?? '', type };
}

type ReadText = { readonly text: string; readonly octets: number };

function textOf(index: MessageIndex, parts: readonly Part[]): ReadText | undefined {
  const [first, ...more] = parts.map((part) => readText(index, part));
  if (first === undefined) return undefined;
  return more.reduce((all, one) => ({ text: `${all.text}\n${one.text}`, octets: all.octets + one.octets }), first);
}

function readText(index: MessageIndex, part: Part): ReadText {
  const octets = partContent(index, part);
  const read = octets.subarray(0, textOctetsMax);
  const charset = part.contentType.parameters.get('charset') ?? '';
  return { text: decodeCharset(read, charset) ?? decodeCharset(read, '') ?? '', octets: octets.length };
}
