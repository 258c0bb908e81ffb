/** A test address as the API spells it. Pure. */
import type { Arrival, MessageTest } from '../../services/advice/advice.ts';
import type { HttpOptions } from './ports.ts';
import type { Test } from './schemas/tests.ts';
import { iso } from './show.ts';

export function showTest(test: MessageTest, { publicUrl = '' }: Pick<HttpOptions, 'publicUrl'>): Test {
  const { token, address, createdAtMs, expiresAtMs, arrivedAtMs, arrival } = test;
  return {
    object: 'test',
    id: token,
    address,
    url: `${publicUrl}/test/${token}`,
    created_at: iso(createdAtMs),
    expires_at: iso(expiresAtMs),
    state: arrival === undefined ? 'waiting' : 'scored',
    ...(arrivedAtMs !== undefined && { arrived_at: iso(arrivedAtMs) }),
    ...(arrival !== undefined && showArrival(arrival)),
  };
}

function showArrival({
  from,
  subject,
  session,
  result,
}: Arrival): Pick<Test, 'from' | 'subject' | 'session' | 'result'> {
  const { remoteAddress, helo, tls, mailFrom } = session;
  return {
    from,
    subject,
    session: {
      ...(remoteAddress !== undefined && { remote_address: remoteAddress }),
      ...(helo !== undefined && { helo }),
      ...(tls !== undefined && { tls }),
      mail_from: mailFrom ?? '',
    },
    result,
  };
}
