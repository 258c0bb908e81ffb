/** The pages of test addresses: gives one to whoever asks, where the office lets everybody, and shows what came of it. */
import { RateWindow } from '../../base/limits.ts';
import { clientNetwork, parseIpAddress } from '../../format/ip-address.ts';
import { type Answer, bytes } from './answer.ts';
import { testDomain } from './handlers/tests.ts';
import { noTestPage, resultPage, testStartPage } from './pages/test.ts';
import type { HttpOptions, HttpPorts } from './ports.ts';

/** Addresses that one network gets without a key. (Our choice.) */
const freeMax = 20;
const freeWindowMs = 60 * 60_000;

export class TestDesk {
  readonly #ports: Pick<HttpPorts, 'tests' | 'directory'>;
  readonly #options: HttpOptions;
  readonly #given: RateWindow;

  constructor(ports: Pick<HttpPorts, 'tests' | 'directory' | 'timers'>, options: HttpOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#given = new RateWindow(ports.timers, { windowMs: freeWindowMs });
  }

  /** Nothing of the request but its sender counts, so a form of another site can do no more than its reader. */
  async start(clientAddress: string): Promise<Answer> {
    const { publicTests = false } = this.#options;
    if (!publicTests) return testStartPage(this.#options, false);
    const no = (problem: string) => testStartPage(this.#options, true, problem);
    const client = parseIpAddress(clientAddress);
    if (this.#given.add(client === undefined ? clientAddress : clientNetwork(client)) > freeMax)
      return no('You have had many addresses in the last hour. Send to one of them again, or wait.');
    const domain = await testDomain(this.#ports.directory, {});
    if (domain === undefined) return no('This office receives no mail yet: it has no domain.');
    const made = await this.#ports.tests.create(domain);
    if (!made.ok) return no('So many tests are open that no more fit. Try again tomorrow.');
    return bytes(303, null, { Location: `/test/${made.value.token}` });
  }
}

export async function showTestPage(
  { tests }: Pick<HttpPorts, 'tests'>,
  token: string,
  version: string,
): Promise<Answer> {
  const test = await tests.find(token);
  return test === undefined ? noTestPage({ version }) : resultPage(test, { version });
}
