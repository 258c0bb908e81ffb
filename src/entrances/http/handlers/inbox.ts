/** Mail that has arrived, for reading. */
import { isId } from '../../../base/id.ts';
import { parseMailbox } from '../../../format/address.ts';
import { json, problem } from '../answer.ts';
import { page, pageSizeDefault } from '../cursor.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { showReceived } from '../show.ts';
import { badCursor, notFound, wholeMessage } from './emails.ts';

export function inboxHandlers(ports: HttpPorts): Handlers<'listInbox' | 'getReceivedEmail' | 'getRawReceivedEmail'> {
  const { mailbox, directory } = ports;

  /** The id of the mailbox that an address leads to. */
  const mailboxAt = async (address: string): Promise<string | undefined> => {
    const parsed = parseMailbox(address);
    const found = parsed.ok ? await directory.resolve(parsed.value) : undefined;
    return found?.kind === 'mailbox' ? found.mailbox.id : undefined;
  };

  return {
    listInbox: async ({ query }) => {
      const { limit = pageSizeDefault, cursor, folder } = query;
      if (cursor !== undefined && !isId('msg', cursor)) return badCursor();
      const inside = query.mailbox === undefined ? undefined : await mailboxAt(query.mailbox);
      if (query.mailbox !== undefined && inside === undefined) {
        const errors = [{ parameter: 'mailbox', detail: 'is not an address that leads to a mailbox here' }];
        return problem('parameter_invalid', { errors });
      }
      const mails = await mailbox.list({
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(folder === undefined ? {} : { folder }),
        ...(inside === undefined ? {} : { mailbox: inside }),
      });
      return json(
        200,
        page(mails, limit, showReceived, (mail) => mail.id),
      );
    },

    getReceivedEmail: async ({ names: { id } }) => {
      const mail = isId('msg', id) ? await mailbox.find(id) : undefined;
      return mail ? json(200, showReceived(mail)) : notFound(id);
    },

    getRawReceivedEmail: async ({ names: { id } }) => {
      const body = isId('msg', id) ? await mailbox.body(id) : undefined;
      return body ? wholeMessage(id, body) : notFound(id);
    },
  };
}
