/** The data of server-sent events, one after the other (HTML standard, "Server-sent events"); names and ids stand in the data too. */
import { readLines } from './read-lines.ts';

/** An event of ours has a few kilobytes; the dialogue with a talkative server makes it longer. */
const lineMaxBytes = 4 * 1024 * 1024;

export async function* readServerSentEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const octets of readLines(stream, lineMaxBytes)) {
    const line = octets === undefined ? '' : Buffer.from(octets).toString('utf8').replace(/\r$/, '');
    if (line.startsWith('data:')) data.push(line.slice('data:'.length).replace(/^ /, ''));
    if (line === '' && data.length > 0) {
      yield data.join('\n');
      data = [];
    }
  }
}
