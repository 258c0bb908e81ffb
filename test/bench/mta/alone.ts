/** Posthorn without anybody beside it: a generator, a sink and a name server of our own, which take processor time too. */
import { join } from 'node:path';
import { systemRandom } from '../../../src/base/random.ts';
import { author, makeHome } from '../../faults/support/home.ts';
import { letter, tokenOf } from '../../faults/support/letters.ts';
import { startNameServer } from '../../faults/support/name-server.ts';
import { OfficeProcess } from '../../faults/support/office.ts';
import { sinkDomain, startSink } from '../../faults/support/sink.ts';
import { SmtpTalk } from '../../faults/support/smtp-talk.ts';
import { pause, quantile, Trial } from '../../faults/support/trial.ts';

export type Wish = {
  readonly connections: number;
  /** Messages on each connection; 0: all. */
  readonly perConnection: number;
  readonly messages: number;
};

const octets = 5_000;
const drainMs = 20_000;
const recipient = `bob@${sinkDomain('ok')}`;

export async function measureAlone(wish: Wish): Promise<{ say: string; lost: number; twice: number }> {
  const signal = AbortSignal.timeout(300_000);
  const trial = new Trial(
    1,
    { kills: 0, acknowledgements: 0, soakSeconds: 0, queued: 0, failures: 0 },
    { signal, progress: () => {} },
  );
  try {
    return await measure(trial, wish);
  } finally {
    await trial.close();
  }
}

async function measure(trial: Trial, wish: Wish): Promise<{ say: string; lost: number; twice: number }> {
  const sink = await startSink({ random: systemRandom });
  trial.later(() => sink.close());
  const zone = `${sinkDomain('ok')}. 60 IN MX 10 mx.sink.test.\nmx.sink.test. 60 IN A 127.0.0.1\n`;
  const names = await startNameServer(zone);
  trial.later(() => names.close());
  const home = await makeHome(join(trial.folder, 'office'), {
    delivery: { port: sink.port, allow_loopback_mx: true },
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
    limits: { connections_per_address: 200 },
  });
  const office = await OfficeProcess.start(trial, home);
  trial.later(() => office.stop());
  const before = office.usage();
  const beganMs = performance.now();
  const tookMs = await send(office.ports.mx, wish);
  const acceptedMs = performance.now() - beganMs;
  while (sink.copies.length < wish.messages && performance.now() - beganMs < acceptedMs + drainMs) await pause(10);
  const last = sink.copies.at(-1)?.keptAtMs ?? Number.NaN;
  const after = office.usage();
  const received = new Set(sink.copies.map(({ token }) => token));
  const perMessage = (after.cpuMs - before.cpuMs) / wish.messages;
  const say = [
    `${rate(wish.messages, acceptedMs)} accepted/s`,
    `${rate(wish.messages, last - beganMs)} delivered/s`,
    `p50 ${quantile(tookMs, 0.5).toFixed(0)} ms, p99 ${quantile(tookMs, 0.99).toFixed(0)} ms`,
    `${perMessage.toFixed(2)} ms CPU per message`,
    `${Math.round(after.residentBytes / 1024 / 1024)} MB`,
  ].join('; ');
  return { say, lost: wish.messages - received.size, twice: sink.copies.length - received.size };
}

/** Answers how long each message took until its reply. */
async function send(port: number, { connections, perConnection, messages }: Wish): Promise<number[]> {
  const tookMs: number[] = [];
  let next = 0;
  const client = async () => {
    let talk: SmtpTalk | undefined;
    let sent = 0;
    while (next < messages) {
      const token = tokenOf(1, next++, octets);
      const fromMs = performance.now();
      talk ??= await SmtpTalk.greeted(port);
      const { code, text } = await talk.send(author, [recipient], letter(token, author, [recipient]));
      if (code !== 250) throw new Error(`${code} ${text}`);
      tookMs.push(performance.now() - fromMs);
      if (++sent !== perConnection) continue;
      talk.destroy();
      talk = undefined;
      sent = 0;
    }
    talk?.destroy();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return tookMs;
}

function rate(messages: number, ms: number): string {
  return ((messages * 1000) / ms).toFixed(0);
}
