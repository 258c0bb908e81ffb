/**
 * Reads a delivery status notification: what it says of each recipient. RFC 3464, RFC 6533. Pure and bounded; what is not a
 * well-formed notification is undefined, never a guess from free text.
 */
import { isUtf8 } from 'node:buffer';
import { fromLatin1, fromUtf8, latin1 } from '../../base/bytes.ts';
import { fieldText, indexHeader, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { partContent, partTree } from '../../format/message/part-tree.ts';
import type { DsnAction } from './write-dsn.ts';

export type DsnRecipientRead = {
  readonly finalRecipient: string;
  readonly originalRecipient?: string;
  readonly action: DsnAction;
  /** RFC 3463 */
  readonly status: string;
  readonly remoteMta?: string;
  /** Text after the type: `550 5.1.1 no such user`. Foreign: escape before showing. */
  readonly diagnostic?: string;
};

export type DsnReport = { readonly envelopeId?: string; readonly recipients: readonly DsnRecipientRead[] };

/** A transaction has at most so many recipients. */
const recipientsMax = 1_000;
// RFC 6533 §5: global-delivery-status is the same with UTF-8 in it.
const reportTypes = ['message/delivery-status', 'message/global-delivery-status'];
/** Real replies end below 1,000 characters; longer ones would be kept for every recipient. */
const valueMax = 4_000;
/** 1,000 recipients with long diagnostics stay far below. */
const reportBytesMax = 1_048_576;
const actions: readonly DsnAction[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];

export function readDsn(bytes: Uint8Array): DsnReport | undefined {
  const index = indexMessage(bytes);
  const { root } = partTree(index);
  // Only the report itself: what a returned or forwarded message holds deeper down is about something else. RFC 6522 §3
  const part = [root, ...root.parts].find(({ contentType }) => reportTypes.includes(contentType.value));
  const report = part && partContent(index, part);
  if (!report || report.length > reportBytesMax) return undefined;
  const [about, ...blocks] = blocksOf(report);
  const recipients = blocks.slice(0, recipientsMax).flatMap(readRecipient);
  if (!about || recipients.length === 0) return undefined;
  const envelopeId = textOf(about, 'original-envelope-id');
  return { recipients, ...(envelopeId ? { envelopeId } : {}) };
}

/** Groups of fields with empty lines between; indexed like headers, because they are written like headers. RFC 3464 §2.1 */
function blocksOf(report: Uint8Array): MessageIndex[] {
  return latin1(report)
    .split(/(?:\r\n){2,}/)
    .filter((block) => block.trim() !== '')
    .slice(0, recipientsMax + 1)
    .map((block) => indexHeader(fromLatin1(`${block}\r\n`)));
}

function readRecipient(block: MessageIndex): DsnRecipientRead[] {
  const finalRecipient = addressOf(textOf(block, 'final-recipient'));
  const originalRecipient = addressOf(textOf(block, 'original-recipient'));
  const [actionWord] =
    textOf(block, 'action')
      ?.toLowerCase()
      .split(/[ \t(]/) ?? [];
  const action = actions.find((word) => word === actionWord);
  const status = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(textOf(block, 'status') ?? '')?.[0];
  if (!finalRecipient || !action || !status) return [];
  const remoteMta = typed(textOf(block, 'remote-mta'));
  const diagnostic = typed(textOf(block, 'diagnostic-code'));
  return [
    {
      finalRecipient,
      action,
      status: preciseStatus(status, diagnostic),
      ...(originalRecipient ? { originalRecipient } : {}),
      ...(remoteMta ? { remoteMta } : {}),
      ...(diagnostic ? { diagnostic } : {}),
    },
  ];
}

/**
 * RFC 3463 §3.1: X.0.0 says "I know nothing more". Exim writes it always, and has what the receiver said in the diagnosis; that code is
 * taken where it is of the same class.
 */
function preciseStatus(status: string, diagnostic: string | undefined): string {
  if (!status.endsWith('.0.0')) return status;
  const said = /^[245]\d\d[ -](\d\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(diagnostic ?? '')?.[1];
  return said?.[0] === status[0] ? (said ?? status) : status;
}

/** UTF-8 where it is (RFC 6533 §5), else one character per octet; never longer than anybody reads. */
function textOf(block: MessageIndex, name: string): string | undefined {
  const octets = fromLatin1(fieldText(block, name) ?? '');
  if (octets.length === 0) return undefined;
  return (isUtf8(octets) ? fromUtf8(octets) : latin1(octets)).slice(0, valueMax).toWellFormed();
}

/** Some servers write the address as a path. */
function addressOf(text: string | undefined): string | undefined {
  return typed(text)?.replace(/^<(.*)>$/, '$1');
}

/** `rfc822; a@b` -> `a@b`; xtext of RFC 6533 §3 is decoded. */
function typed(text: string | undefined): string | undefined {
  const split = text?.indexOf(';') ?? -1;
  if (text === undefined || split < 0) return undefined;
  const value = text.slice(split + 1).trim();
  if (!text.slice(0, split).trim().toLowerCase().startsWith('utf-8')) return value;
  return value.replaceAll(/\\x\{([0-9A-F]{1,6})\}/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
