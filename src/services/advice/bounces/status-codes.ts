/**
 * Enhanced status codes in plain words, for replies that no row of `known-replies.ts` knows. RFC 3463 §3; the IANA registry's later ones
 * by RFC 7372 (authentication), RFC 7505 (null MX) and RFC 8689 (REQUIRETLS).
 */
import type { BounceKind, SendAgain } from './types.ts';

export type StatusMeaning = {
  readonly kind: BounceKind;
  readonly meaning: string;
  readonly again: SendAgain;
  readonly steps?: readonly string[];
  readonly checks?: readonly string[];
};

const inBox = ['look for a typing mistake in the address', 'take it out of your list'];
const proveIt = ['posthorn check {domain} names what is missing, with the records to set'];

/** By subject and detail. */
export const statusMeanings: Readonly<Record<string, StatusMeaning>> = {
  '1.0': { kind: 'address', meaning: 'Something is wrong with the address.', again: 'never', steps: inBox },
  '1.1': { kind: 'address', meaning: 'There is no such mailbox at that domain.', again: 'never', steps: inBox },
  '1.2': {
    kind: 'address',
    meaning: 'The recipient’s domain does not exist or takes no mail.',
    again: 'never',
    steps: inBox,
  },
  '1.3': {
    kind: 'address',
    meaning: 'The recipient’s address is not written as an address.',
    again: 'never',
    steps: inBox,
  },
  '1.4': { kind: 'address', meaning: 'The address leads to more than one mailbox.', again: 'ask-recipient' },
  '1.6': { kind: 'address', meaning: 'The mailbox moved, and nobody says where.', again: 'never', steps: inBox },
  '1.7': { kind: 'setup', meaning: 'The sender’s address is not written as an address.', again: 'once-mended' },
  '1.8': {
    kind: 'setup',
    meaning: 'The sender’s domain does not exist or cannot receive mail.',
    again: 'once-mended',
    steps: ['give the domain of the return path an MX record'],
    checks: ['MX-01', 'MX-09', 'DNS-01'],
  },
  '1.10': {
    kind: 'address',
    meaning: 'The recipient’s domain says that it takes no mail at all (null MX).',
    again: 'never',
    steps: inBox,
  },
  '2.0': { kind: 'mailbox', meaning: 'The mailbox exists, and something is wrong with it.', again: 'ask-recipient' },
  '2.1': { kind: 'mailbox', meaning: 'The mailbox is switched off.', again: 'never', steps: inBox },
  '2.2': { kind: 'mailbox', meaning: 'The recipient’s mailbox is full.', again: 'by-itself' },
  '2.3': { kind: 'mailbox', meaning: 'The message is larger than this mailbox takes.', again: 'once-mended' },
  '2.4': { kind: 'mailbox', meaning: 'A mailing list could not be opened up.', again: 'ask-recipient' },
  '3.0': { kind: 'trouble', meaning: 'The receiving system has trouble of its own.', again: 'by-itself' },
  '3.1': { kind: 'trouble', meaning: 'The receiving system’s disk is full.', again: 'by-itself' },
  '3.2': { kind: 'trouble', meaning: 'The receiving system takes no mail at the moment.', again: 'by-itself' },
  '3.3': { kind: 'setup', meaning: 'The receiving system cannot do what this message needs.', again: 'once-mended' },
  '3.4': { kind: 'mailbox', meaning: 'The message is larger than the receiving system takes.', again: 'once-mended' },
  '3.5': { kind: 'setup', meaning: 'The receiving system is set up wrongly.', again: 'ask-recipient' },
  '4.0': { kind: 'trouble', meaning: 'There is trouble on the way to the receiver.', again: 'by-itself' },
  '4.1': { kind: 'trouble', meaning: 'The receiving server does not answer.', again: 'by-itself' },
  '4.2': { kind: 'trouble', meaning: 'The connection to the receiver broke.', again: 'by-itself' },
  '4.3': { kind: 'trouble', meaning: 'The DNS of the receiver has trouble.', again: 'by-itself' },
  '4.4': { kind: 'setup', meaning: 'The recipient’s domain names no server for its mail.', again: 'ask-recipient' },
  '4.5': { kind: 'trouble', meaning: 'Too much mail is on the way there.', again: 'by-itself' },
  '4.6': { kind: 'setup', meaning: 'The message went in circles between servers.', again: 'ask-recipient' },
  '4.7': { kind: 'trouble', meaning: 'It could not be delivered in time, and was given up.', again: 'once-mended' },
  '5.1': { kind: 'setup', meaning: 'The receiver did not understand a command.', again: 'once-mended' },
  '5.2': { kind: 'setup', meaning: 'The receiver did not understand what it was told.', again: 'once-mended' },
  '5.3': { kind: 'rate', meaning: 'Too many recipients at once.', again: 'by-itself' },
  '6.0': { kind: 'content', meaning: 'Something is wrong with the message’s form.', again: 'once-mended' },
  '6.1': { kind: 'content', meaning: 'The receiver cannot handle this kind of message.', again: 'once-mended' },
  '6.6': { kind: 'content', meaning: 'A message in part was taken, and the rest failed.', again: 'once-mended' },
  '6.7': {
    kind: 'address',
    meaning: 'The receiver cannot handle addresses with characters beyond ASCII.',
    again: 'ask-recipient',
  },
  '7.0': {
    kind: 'permission',
    meaning: 'The receiver refuses the message by a rule of its own.',
    again: 'ask-recipient',
    steps: proveIt,
  },
  '7.1': {
    kind: 'permission',
    meaning: 'The receiver refuses the message by a rule of its own.',
    again: 'ask-recipient',
    steps: proveIt,
  },
  '7.2': { kind: 'permission', meaning: 'You may not write to this mailing list.', again: 'ask-recipient' },
  '7.4': {
    kind: 'encryption',
    meaning: 'The receiver cannot do the security that was asked for.',
    again: 'once-mended',
  },
  '7.8': {
    kind: 'permission',
    meaning: 'The login at the relay is wrong.',
    again: 'once-mended',
    steps: ['look at the relay’s user name and password'],
  },
  '7.20': {
    kind: 'authentication',
    meaning: 'No DKIM signature passes.',
    again: 'once-mended',
    steps: proveIt,
    checks: ['DKM-01', 'DKM-02'],
  },
  '7.21': {
    kind: 'authentication',
    meaning: 'No DKIM signature that the receiver accepts passes.',
    again: 'once-mended',
    steps: proveIt,
    checks: ['DKM-01', 'DKM-04'],
  },
  '7.22': {
    kind: 'authentication',
    meaning: 'A DKIM signature passes, but not one of the author’s domain.',
    again: 'once-mended',
    steps: proveIt,
    checks: ['ALN-01', 'ALN-02'],
  },
  '7.23': {
    kind: 'authentication',
    meaning: 'SPF does not pass.',
    again: 'once-mended',
    steps: proveIt,
    checks: ['SPF-01', 'SPF-14'],
  },
  '7.24': {
    kind: 'authentication',
    meaning: 'SPF could not be evaluated: the record has a mistake.',
    again: 'once-mended',
    steps: proveIt,
    checks: ['SPF-02', 'SPF-03', 'SPF-05'],
  },
  '7.25': {
    kind: 'host',
    meaning: 'The sending address has no name in the DNS that leads back to it.',
    again: 'once-mended',
    checks: ['IPR-01', 'IPR-02'],
  },
  '7.26': {
    kind: 'authentication',
    meaning: 'Several proofs of the sender failed (SPF, DKIM, DMARC).',
    again: 'once-mended',
    steps: proveIt,
    checks: ['SPF-14', 'DKM-01', 'ALN-01'],
  },
  '7.27': {
    kind: 'setup',
    meaning: 'The sender’s domain says that it takes no mail (null MX), so it cannot send either.',
    again: 'once-mended',
    checks: ['MX-02', 'MX-09'],
  },
  '7.28': { kind: 'rate', meaning: 'The receiver gets too much mail of this kind.', again: 'by-itself' },
  '7.29': {
    kind: 'authentication',
    meaning: 'The chain of forwarders’ seals (ARC) is broken.',
    again: 'ask-recipient',
  },
  '7.30': {
    kind: 'encryption',
    meaning: 'Encryption all the way was asked for, and the next server cannot do it.',
    again: 'once-mended',
  },
};

/** By subject alone. */
export const subjectMeanings: Readonly<Record<string, StatusMeaning>> = {
  '1': { kind: 'address', meaning: 'Something is wrong with the address.', again: 'never', steps: inBox },
  '2': { kind: 'mailbox', meaning: 'Something is wrong with the recipient’s mailbox.', again: 'ask-recipient' },
  '3': { kind: 'trouble', meaning: 'The receiving system has trouble of its own.', again: 'by-itself' },
  '4': { kind: 'trouble', meaning: 'There is trouble on the way to the receiver.', again: 'by-itself' },
  '5': { kind: 'setup', meaning: 'The two servers did not understand each other.', again: 'once-mended' },
  '6': { kind: 'content', meaning: 'The receiver cannot handle the message’s content.', again: 'once-mended' },
  '7': {
    kind: 'permission',
    meaning: 'The receiver refuses the message by a rule of its own.',
    again: 'ask-recipient',
    steps: proveIt,
  },
};

/** By reply code, where there is no enhanced status. RFC 5321 §4.2.3 */
export const codeMeanings: Readonly<Record<string, StatusMeaning>> = {
  '421': { kind: 'trouble', meaning: 'The receiving server closes the connection for now.', again: 'by-itself' },
  '450': { kind: 'trouble', meaning: 'The mailbox cannot be reached for now.', again: 'by-itself' },
  '451': { kind: 'trouble', meaning: 'The receiving server has trouble of its own for now.', again: 'by-itself' },
  '452': { kind: 'trouble', meaning: 'The receiving server has no room for now.', again: 'by-itself' },
  '550': {
    kind: 'address',
    meaning: 'The receiver refuses: mostly there is no such mailbox, or a rule forbids it.',
    again: 'never',
    steps: inBox,
  },
  '551': { kind: 'address', meaning: 'The mailbox is not here.', again: 'never', steps: inBox },
  '552': { kind: 'mailbox', meaning: 'The mailbox is full, or the message too large.', again: 'by-itself' },
  '553': { kind: 'address', meaning: 'The receiver does not take this address.', again: 'never', steps: inBox },
  '554': {
    kind: 'permission',
    meaning: 'The receiver refuses, and does not say why.',
    again: 'ask-recipient',
    steps: proveIt,
  },
};
