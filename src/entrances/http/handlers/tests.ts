/** Test addresses: made, waited for, read. */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { type MessageTest, testsChannel } from '../../../services/advice/advice.ts';
import type { KeyPrincipal } from '../../../services/directory/types.ts';
import { json, problem } from '../answer.ts';
import type { HttpLimits } from '../limits.ts';
import type { Handlers } from '../operations.ts';
import type { HttpOptions, HttpPorts } from '../ports.ts';
import { showTest } from '../show-test.ts';
import { parseTimeoutMs } from '../wait.ts';
import { notFound } from './emails.ts';

export function testHandlers(
  ports: HttpPorts,
  options: HttpOptions,
  limits: HttpLimits,
): Handlers<'createTest' | 'getTest'> {
  const { tests, directory, db, timers } = ports;

  /** A message may have come between the look and the wait: looked at again when woken, and at the end. */
  const settled = async (id: string, timeoutMs: number, signal: AbortSignal): Promise<MessageTest | undefined> => {
    const endMs = timers.monotonicMs() + Math.min(timeoutMs, limits.wait_ms);
    for (;;) {
      const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
      const stopListening = db.onNotify(testsChannel, wake);
      const test = await tests.find(id);
      const leftMs = endMs - timers.monotonicMs();
      if (test === undefined || test.arrival !== undefined || leftMs <= 0 || signal.aborted) {
        stopListening();
        return test;
      }
      const disarm = timers.after(leftMs, wake);
      signal.addEventListener('abort', () => wake(), { once: true });
      await woken;
      disarm();
      stopListening();
    }
  };

  return {
    createTest: async ({ principal, body }) => {
      const wanted = body.domain === undefined ? undefined : parseDomainName(body.domain);
      if (body.domain !== undefined && wanted === undefined)
        return problem('validation_failed', { errors: [{ pointer: '/domain', detail: 'is not a domain name' }] });
      const domain = await testDomain(directory, principal, wanted);
      if (domain === undefined)
        return problem('domain_unknown', { detail: 'No domain that this key may use receives its mail here.' });
      const made = await tests.create(domain);
      return made.ok ? json(201, showTest(made.value, options)) : problem('too_many_tests', { detail: made.say });
    },

    getTest: async ({ names: { id }, query, signal }) => {
      const test = await settled(id, query.timeout === undefined ? 0 : parseTimeoutMs(query.timeout), signal);
      return test === undefined ? notFound(id) : json(200, showTest(test, options));
    },
  };
}

/** Where a test address may be: a verified domain whose mail comes here. */
export async function testDomain(
  directory: Pick<HttpPorts['directory'], 'domains'>,
  principal: Pick<KeyPrincipal, 'domains'>,
  wanted?: DomainName,
): Promise<DomainName | undefined> {
  const domains = await directory.domains();
  return domains.find(
    ({ name, verified, receives }) =>
      verified !== undefined &&
      receives &&
      (wanted === undefined || name === wanted) &&
      (principal.domains === undefined || principal.domains.includes(name)),
  )?.name;
}
