/** Questions to a person at a terminal, one line each. Where nobody sits, or nobody wants to be asked, the fallback is the answer. */
import { fromUtf8 } from '../../base/bytes.ts';
import type { CliHost } from './cli-host.ts';

/** Longer lines are a paste gone wrong. */
const lineMax = 4_096;

export class Questions {
  readonly #host: Pick<CliHost, 'stdin' | 'err'>;
  readonly isAsking: boolean;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #unread = '';

  /** @param silent takes every fallback */
  constructor(host: Pick<CliHost, 'stdin' | 'err'>, { silent }: { readonly silent: boolean }) {
    this.#host = host;
    this.isAsking = host.stdin.isTerminal && !silent;
  }

  /** What is typed; the fallback for an empty line or the end of the input. */
  async ask(question: string, fallback: string): Promise<string> {
    if (!this.isAsking) return fallback;
    this.#host.err(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `);
    const line = (await this.#line())?.trim();
    return line === undefined || line === '' ? fallback : line;
  }

  /** No, unless a person says yes. */
  async confirm(question: string): Promise<boolean> {
    return /^y(es)?$/i.test(await this.ask(`${question} [y/N]`, ''));
  }

  async #line(): Promise<string | undefined> {
    this.#chunks ??= this.#host.stdin.chunks()[Symbol.asyncIterator]();
    while (!this.#unread.includes('\n') && this.#unread.length < lineMax) {
      const next = await this.#chunks.next();
      if (next.done) break;
      this.#unread += fromUtf8(next.value);
    }
    if (this.#unread === '') return undefined;
    const end = this.#unread.indexOf('\n');
    const line = end < 0 ? this.#unread : this.#unread.slice(0, end);
    this.#unread = end < 0 ? '' : this.#unread.slice(end + 1);
    return line;
  }

  /** Lets the terminal go. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
  }
}
