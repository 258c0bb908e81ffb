/**
 * An office to be killed: opens a data folder, delivers what lies there, and takes in mail as fast as it can. Each message that was
 * acknowledged is a line on stdout, written after the yes. `drain`: takes nothing in, and ends when the queue is empty.
 *
 * Arguments: data folder, port of the sink, name of the round, `load` or `drain`.
 */
import { writeSync } from 'node:fs';
import { createNodeNet } from '../../src/adapters/net/node-net.ts';
import { openOffice } from '../../src/app/compose.ts';
import { readConfig } from '../../src/app/config.ts';
import type { SettingName } from '../../src/app/settings.ts';
import { fromLatin1 } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { type Mailbox, parseMailbox } from '../../src/format/address.ts';
import { parseDomainName } from '../../src/format/domain-name.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import type { Outbound } from '../../src/services/outbound/outbound.ts';

const [folder = '', port = '', round = '', mode = ''] = process.argv.slice(2);

const flags = new Map<SettingName, unknown>([
  ['data', folder],
  ['routes', { '*': `127.0.0.1:${port}` }],
  ['retry.delays', ['100ms', '200ms']],
  ['retry.test', true],
  ['delivery.allow_loopback_mx', true],
]);
const read = readConfig({ environment: {}, flags });
const hostname = parseDomainName('mx.example.com');
if ('mistakes' in read || !hostname) throw new Error(JSON.stringify(read));
const office = await openOffice(read.config, hostname, {
  net: createNodeNet(),
  resolver: resolverFromZone(''),
  timers: systemClock,
  random: systemRandom,
  signals: {
    emit: (level, name, fields) => {
      if (level === 'error') writeSync(2, `${name} ${JSON.stringify(fields)}\n`);
    },
  },
  trust: [],
});
await office.start();
writeSync(1, 'ready\n');
if (mode === 'load') await Promise.all([0, 1, 2, 3, 4, 5].map((client) => load(office.outbound, client)));
while ((await office.outbound.counts()).open > 0) await systemClock.sleep(20);
await office.stop();
writeSync(1, 'drained\n');

/** One client after another message; every third of them sends whole ones to three recipients. */
async function load(outbound: Outbound, client: number): Promise<void> {
  for (let nth = 0; ; nth++) {
    const subject = `${round}-${client}-${nth}`;
    const recipients = (client % 3 === 0 ? ['a', 'b', 'c'] : ['a']).map((local) =>
      address(`${local}@d${nth % 4}.test`),
    );
    const answer =
      client % 3 === 0
        ? await sendWhole(outbound, subject, recipients)
        : await sendFields(outbound, subject, recipients);
    if (!answer.ok) throw new Error(answer.say);
    writeSync(1, recipients.map(({ local, domain }) => `ack ${subject} ${local}@${domain}\n`).join(''));
    await systemClock.sleep(8);
  }
}

function sendFields(outbound: Outbound, subject: string, to: readonly Mailbox[]) {
  const content = {
    from: address('ada@example.com'),
    to,
    cc: [],
    replyTo: [],
    subject,
    text: 'hello',
    headers: [],
    attachments: [],
  };
  const request = { content, bcc: [], tags: [], metadata: {} };
  return outbound.submit({ kind: 'key', account: 'key_1' }, request, { kind: 'http', clientAddress: '127.0.0.1' });
}

async function sendWhole(outbound: Outbound, subject: string, recipients: readonly Mailbox[]) {
  const writer = office.blobs.open();
  await writer.write(fromLatin1(`From: ada@example.com\r\nSubject: ${subject}\r\n\r\nhello\r\n`));
  return outbound.submitWhole(
    { kind: 'login', account: 'ada' },
    {
      entrance: {
        kind: 'smtp',
        clientAddress: '127.0.0.1',
        helo: 'laptop.test',
        extended: true,
        smtpUtf8: false,
        authenticated: true,
      },
      mailFrom: address('ada@example.com'),
      recipients,
      body: await writer.finish(),
      grouping: 'per-message',
    },
  );
}

function address(text: string): Mailbox {
  const parsed = parseMailbox(text);
  if (!parsed.ok) throw new Error(parsed.say);
  return parsed.value;
}
