/** The whole standard input, up to a limit; at a terminal it says that it waits. */
import type { CliHost } from './cli-host.ts';
import { bad } from './read-options.ts';

/** Far above any message that is accepted; bounds the memory. */
const stdinMaxBytes = 256 * 1024 * 1024;

export async function readStdin({ stdin, err }: Pick<CliHost, 'stdin' | 'err'>): Promise<Uint8Array> {
  if (stdin.isTerminal) err('reading the standard input; end it with Ctrl-D\n');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin.chunks()) {
    bytes += chunk.length;
    if (bytes > stdinMaxBytes)
      throw bad('input_too_large', `The standard input is longer than ${stdinMaxBytes} octets.`, ['give less']);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
