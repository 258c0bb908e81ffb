/** Mail that has arrived. */
import { pageOf } from '../schemas/common.ts';
import { ListInboxQuery, ReceivedEmail } from '../schemas/inbox.ts';
import type { Operation } from './types.ts';

export const inboxOperations = {
  listInbox: {
    method: 'GET',
    path: '/v1/inbox',
    group: 'Inbox',
    summary: 'List received mail',
    says: 'Newest first, over all mailboxes or in the one that an address leads to.',
    scopes: ['read'],
    wholeOffice: true,
    query: ListInboxQuery,
    answer: { status: 200, says: 'A page of received messages.', schema: pageOf(ReceivedEmail) },
    problems: [],
  },
  getReceivedEmail: {
    method: 'GET',
    path: '/v1/inbox/{id}',
    group: 'Inbox',
    summary: 'See a received message',
    says: '',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The message.', schema: ReceivedEmail },
    problems: ['not_found'],
  },
  getRawReceivedEmail: {
    method: 'GET',
    path: '/v1/inbox/{id}/raw',
    group: 'Inbox',
    summary: 'Fetch a received message as it was stored',
    says: 'Octet by octet, with our trace fields on top.',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The message.', type: 'message/rfc822' },
    problems: ['not_found', 'message_damaged'],
  },
} as const satisfies Record<string, Operation>;
