/**
 * Messages made to exhaust whoever reads them, against a real `posthorn serve` on loopback: `npm run hostile`. Each comes in at the MX
 * to be judged, at the MX to be kept (for the operator), at the MX as a bounce, and by the API to be sent; what was kept is looked at
 * through the API. Prints time and memory of each; exit code 1 when one takes more than 3 seconds or 128 MB. Time in which the office
 * could go on and had no processor is of other programs' making, and not counted.
 *
 *   --only NAME   one of them
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, author, type Home, makeHome, resident } from '../faults/support/home.ts';
import { startNameServer } from '../faults/support/name-server.ts';
import { OfficeProcess } from '../faults/support/office.ts';
import { pause, Trial } from '../faults/support/trial.ts';
import { bombs, strangersField } from './hostile/bombs.ts';

/** Mark 5 of the project's facts on security. */
const marks = { ms: 3_000, octets: 128 * 1024 * 1024 } as const;
const limitMs = 240_000;
/** On a machine of its own it hardly ever waits. */
const waitToldMs = 100;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const print = (text: string) => void process.stdout.write(`${text}\n`);

type Door = 'judged' | 'kept' | 'bounce' | 'sent' | 'shown';
type Figures = { readonly say: string; readonly ms: number; readonly waitedMs: number; readonly octets: number };

/** One transaction, its DATA in one piece; the time runs from the last octet's way out to the reply. */
async function smtp(
  port: number,
  recipient: string,
  from: string,
  message: Buffer,
): Promise<{ say: string; ms: number }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.60', noDelay: true });
  let heard = '';
  let wake = () => {};
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1');
    wake();
  });
  const over = new Promise<never>((_, reject) =>
    socket.on('error', reject).on('close', () => reject(new Error(`closed after ${heard}`))),
  );
  over.catch(() => {});
  const hear = async () => {
    while (!/^\d{3}(?: [^\r\n]*)?\r\n/m.test(heard)) {
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([more, over]);
    }
    const said = heard.trimEnd();
    heard = '';
    return said;
  };
  try {
    await hear();
    for (const line of ['EHLO hostile.test', `MAIL FROM:<${from}>`, `RCPT TO:<${recipient}>`, 'DATA']) {
      socket.write(`${line}\r\n`);
      const reply = await hear();
      if (!/^[23]/.test(reply)) return { say: reply, ms: 0 };
    }
    const begunMs = performance.now();
    socket.write(message);
    socket.write('\r\n.\r\n');
    const say = await hear();
    return { say, ms: performance.now() - begunMs };
  } finally {
    socket.destroy();
  }
}

class Range {
  readonly #office: OfficeProcess;
  readonly #home: Home;
  readonly #returnPath: string;

  constructor(office: OfficeProcess, home: Home, returnPath: string) {
    this.#office = office;
    this.#home = home;
    this.#returnPath = returnPath;
  }

  async through(door: Door, message: Buffer): Promise<Figures> {
    const before = this.#resident('VmRSS');
    writeFileSync(`/proc/${this.#office.pid}/clear_refs`, '5'); // forgets the highest figure so far
    const heldUpMs = this.#office.usage().heldUpMs;
    const sent = await this.#send(door, message);
    const waitedMs = this.#office.usage().heldUpMs - heldUpMs;
    const octets = Math.max(this.#resident('VmHWM') - before, 0);
    return { say: sent.say, ms: Math.max(sent.ms - waitedMs, 0), waitedMs, octets };
  }

  async #send(door: Door, message: Buffer): Promise<{ say: string; ms: number }> {
    const { mx } = this.#office.ports;
    switch (door) {
      case 'judged':
        return smtp(mx, resident, 'eve@world.test', message);
      case 'kept':
        return smtp(mx, 'postmaster@example.com', 'eve@world.test', message);
      case 'bounce':
        return smtp(mx, this.#returnPath, '', message);
      case 'sent':
        return this.#request('/v1/emails/raw', asOurs(message));
      case 'shown':
        return this.#show();
    }
  }

  async #show(): Promise<{ say: string; ms: number }> {
    const begunMs = performance.now();
    const [newest] = (await this.#office.api('GET', '/v1/inbox?limit=1')).body.data as { id: string }[];
    const one = await this.#office.api('GET', `/v1/inbox/${newest?.id}`);
    const { say } = await this.#request(`/v1/inbox/${newest?.id}/raw`);
    return { say: `${one.status} ${say}`, ms: performance.now() - begunMs };
  }

  async #request(path: string, body?: Buffer): Promise<{ say: string; ms: number }> {
    const begunMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.#office.ports.http}${path}`, {
      headers: { Authorization: `Bearer ${this.#home.apiKey}`, ...(body ? { 'Content-Type': 'message/rfc822' } : {}) },
      ...(body ? { method: 'POST', body: new Uint8Array(body) } : {}),
    });
    const octets = (await response.bytes()).length;
    return { say: `${response.status}, ${octets} octets`, ms: performance.now() - begunMs };
  }

  #resident(figure: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${this.#office.pid}/status`, 'utf8');
    return Number(new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  }
}

/** The same message by somebody who may send; one whose From is the bomb is left as it is, and refused. */
function asOurs(message: Buffer): Buffer {
  const at = message.indexOf(strangersField);
  if (at < 0) return message;
  const ours = Buffer.from(`From: ${author}\r\nTo: ${resident}\r\n`);
  return Buffer.concat([message.subarray(0, at), ours, message.subarray(at + strangersField.length)]);
}

async function returnPathOf(trial: Trial, office: OfficeProcess, home: Home): Promise<string> {
  await office.api('POST', '/v1/emails', { from: author, to: ['away@closed.test'], subject: 'comes back', text: 'x' });
  const found = await trial.until(
    10_000,
    () => ask(home, 'SELECT return_path FROM outbound_deliveries')[0]?.return_path,
  );
  return String(found);
}

async function run(trial: Trial): Promise<number> {
  const names = await startNameServer(
    'world.test. 60 IN TXT "v=spf1 ip4:127.0.0.0/8 -all"\n_dmarc.world.test. 60 IN TXT "v=DMARC1; p=none"\n',
  );
  trial.later(() => names.close());
  const home = await makeHome(join(trial.folder, 'office'), {
    relay: { allow: [] },
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
    routes: { 'closed.test': '127.0.0.1:9' },
    retry: { test: true, delays: ['1h'], give_up_after: '5d' },
  });
  const office = await OfficeProcess.start(trial, home);
  trial.later(() => office.stop());
  const range = new Range(office, home, await returnPathOf(trial, office, home));
  const warm = Buffer.from('From: <eve@world.test>\r\nSubject: warm\r\n\r\nwarm\r\n');
  for (let nth = 0; nth < 20; nth++)
    for (const door of ['judged', 'kept', 'bounce', 'sent', 'shown'] as const) await range.through(door, warm);

  let missed = 0;
  let [worstMs, worstOctets, longestWaitMs] = [0, 0, 0];
  for (const [name, make] of Object.entries(bombs)) {
    if (values.only !== undefined && values.only !== name) continue;
    const message = make();
    const line: string[] = [];
    for (const door of ['judged', 'kept', 'shown', 'bounce', 'sent'] as const) {
      await pause(100); // garbage of the one before
      const { say, ms, waitedMs, octets } = await range.through(door, message);
      longestWaitMs = Math.max(longestWaitMs, waitedMs);
      worstMs = Math.max(worstMs, ms);
      worstOctets = Math.max(worstOctets, octets);
      const isMissed = ms > marks.ms || octets > marks.octets || office.isOver;
      if (isMissed) missed++;
      line.push(
        `${isMissed ? 'MISSED ' : ''}${door} ${say.slice(0, 9).trim()} ${ms.toFixed(0)} ms +${megabytes(octets)} MB`,
      );
    }
    print(`${name.padEnd(34)} ${megabytes(message.length).padStart(5)} MB  ${line.join(' | ')}`);
  }
  for (const error of office.errors.slice(0, 5)) print(`MISSED the log says ${JSON.stringify(error)}`);
  missed += office.errors.length;
  if (longestWaitMs > waitToldMs)
    print(
      `NOTE: this machine has other work. The office waited for a processor, up to ${longestWaitMs.toFixed(0)} ms for one message`,
    );
  const worst = `${Object.keys(bombs).length} messages: ${worstMs.toFixed(0)} ms (at most ${marks.ms}) and +${megabytes(worstOctets)} MB (at most ${megabytes(marks.octets)})`;
  print(
    missed === 0 ? `hostile: every mark is met; worst of ${worst}` : `hostile: ${missed} MISSED; worst of ${worst}`,
  );
  return missed === 0 ? 0 : 1;
}

function megabytes(octets: number): string {
  return (octets / 1024 / 1024).toFixed(1);
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)]);
  const options = { kills: 0, acknowledgements: 0, soakSeconds: 0, queued: 0, failures: 0 };
  const trial = new Trial(1, options, { signal, progress: () => {} });
  process.on('exit', () => trial.killAll());
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('stopped, or it takes too long'))),
  );
  try {
    return await Promise.race([run(trial), ended]);
  } finally {
    await trial.close();
  }
}

process.exit(await main());
