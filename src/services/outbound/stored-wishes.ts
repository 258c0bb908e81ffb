/**
 * What a sender asked to be told (RFC 3461), as rows keep it: the values of the parameters as they are written on the wire, '' where
 * nothing was said. Pure.
 */
import { invariant } from '../../base/outcome.ts';
import {
  type MessageWishes,
  originalRecipientOf,
  type RecipientWishes,
  readEnvelopeId,
  readNotify,
  readOriginalRecipient,
  readReturn,
  writeEnvelopeId,
  writeNotify,
  writeOriginalRecipient,
  writeReturn,
} from '../../protocol/dsn/dsn-wishes.ts';
import type { DeliveryRow, MessageRow } from './outbound-store.ts';

type MessageColumns = Pick<MessageRow, 'ret' | 'envid'>;
type RecipientColumns = Pick<DeliveryRow, 'notify' | 'orcpt'>;

export function messageWishColumns({ ret, envelopeId }: MessageWishes): MessageColumns {
  return { ret: ret ? writeReturn(ret) : '', envid: envelopeId === undefined ? '' : writeEnvelopeId(envelopeId) };
}

export function recipientWishColumns({ notify, originalRecipient }: RecipientWishes): RecipientColumns {
  return {
    notify: notify ? writeNotify(notify) : '',
    // too long in ASCII: as if it had not been given, and the address we have takes its place
    orcpt: (originalRecipient && writeOriginalRecipient(originalRecipient)) ?? '',
  };
}

export function messageWishesOf({ ret, envid }: MessageColumns): MessageWishes {
  return {
    ...(ret === '' ? {} : { ret: stored(readReturn(ret), ret) }),
    ...(envid === '' ? {} : { envelopeId: stored(readEnvelopeId(envid), envid) }),
  };
}

export function recipientWishesOf({ notify, orcpt }: RecipientColumns): RecipientWishes {
  return {
    ...(notify === '' ? {} : { notify: stored(readNotify(notify), notify) }),
    ...(orcpt === '' ? {} : { originalRecipient: stored(readOriginalRecipient(orcpt, { smtpUtf8: false }), orcpt) }),
  };
}

/**
 * What the next hop is told. Several recipients of a login's or relay's message share a return path, so that a notification has to
 * say whom it is about: an original recipient is added where none was given. RFC 3461 §5.2.1, MAIL_RULES 2
 */
export function wishesForNextHop(message: MessageRow, delivery: DeliveryRow): RecipientWishes {
  const wishes = recipientWishesOf(delivery);
  if (message.report_to === '' || wishes.originalRecipient) return wishes;
  return { ...wishes, originalRecipient: originalRecipientOf(delivery.recipient) };
}

function stored<T>(read: T | undefined, text: string): T {
  invariant(read !== undefined, `a wish was stored that cannot be read: ${text}`);
  return read;
}
