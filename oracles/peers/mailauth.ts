/** mailauth in its strict mode over the world of each case: JSON lines in, JSON lines out. */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { NameRecords, World } from '../world.ts';

const load = createRequire(import.meta.url);

type Resolve = (name: string, type: string) => Promise<unknown[]>;

function resolverOver(world: World): Resolve {
  return async (asked, type) => {
    let name = asked.toLowerCase().replace(/\.$/, '');
    for (let followed = 0; followed <= 8; followed++) {
      const records: NameRecords | undefined = world[name];
      if (records === undefined) throw failure(isAboveAnother(world, name) ? 'ENODATA' : 'ENOTFOUND', name);
      if (records.fail !== undefined) throw failure(records.fail === 'TIMEOUT' ? 'ETIMEOUT' : 'ESERVFAIL', name);
      const target = type === 'CNAME' ? undefined : records.CNAME?.[0];
      if (target === undefined) return valuesOf(records, type, name);
      name = target;
    }
    throw failure('ESERVFAIL', name);
  };
}

/** RFC 8020: a name exists when one below it does. */
function isAboveAnother(world: World, name: string): boolean {
  return Object.entries(world).some(([other, { fail }]) => fail === undefined && other.endsWith(`.${name}`));
}

function valuesOf(records: NameRecords, type: string, name: string): unknown[] {
  if (type === 'MX' && records.MX) return records.MX.map(([priority, exchange]) => ({ priority, exchange }));
  const values = records[type as 'A' | 'AAAA' | 'PTR' | 'CNAME'];
  if (type === 'TXT' && records.TXT) return records.TXT.map((strings) => [...strings]);
  if (values === undefined) throw failure('ENODATA', name);
  return [...values];
}

function failure(code: string, name: string): Error {
  return Object.assign(new Error(`${code} ${name}`), { code });
}

type Case = {
  readonly id: number;
  readonly world: World;
  readonly ip: string;
  readonly helo: string;
  readonly mail_from: string;
  readonly message?: string;
  readonly now?: number;
  readonly from?: string;
  readonly spf?: string | null;
  readonly dkim?: readonly string[];
  readonly pem?: string;
  readonly selector?: string;
  readonly domain?: string;
  readonly header_form?: string;
  readonly body_form?: string;
};
type Dmarc = (
  options: object,
) => Promise<{ status: { result: string }; policy?: string; policyDomain?: string; error?: string }>;
type Sign = (message: Buffer, options: object) => Promise<{ signatures: string; errors: unknown[] }>;
type Spf = (options: object) => Promise<{ status: { result: string; comment?: string } }>;
type Dkim = (
  message: Buffer,
  options: object,
) => Promise<{ results: { status: { result: string; comment?: string } }[] }>;

const jobs: Readonly<Record<string, (one: Case) => Promise<object>>> = {
  spf: async ({ world, ip, helo, mail_from }) => {
    const { spf } = load('mailauth/lib/spf') as { spf: Spf };
    const answer = await spf({
      sender: mail_from,
      ip,
      helo,
      mta: 'mx.receiver.test',
      resolver: resolverOver(world),
      strict: true,
    });
    return { result: answer.status.result, why: answer.status.comment };
  },
  verify: async ({ world, message = '', now }) => {
    const { dkimVerify } = load('mailauth/lib/dkim/verify') as { dkimVerify: Dkim };
    const options = {
      resolver: resolverOver(world),
      strict: true,
      curTime: now === undefined ? undefined : new Date(now),
    };
    const { results } = await dkimVerify(Buffer.from(message, 'base64'), options);
    return { results: results.map(({ status }) => status.result), why: results.map(({ status }) => status.comment) };
  },
  dmarc: async ({ world, from = '', spf = null, dkim = [] }) => {
    const { dmarc } = load('mailauth/lib/dmarc') as { dmarc: Dmarc };
    const answer = await dmarc({
      headerFrom: [from],
      spfDomains: spf === null ? [] : [spf],
      dkimDomains: dkim.map((domain) => ({ domain })),
      resolver: resolverOver(world),
      strict: true,
    });
    return { result: answer.status.result, policy: answer.policy, domain: answer.policyDomain, why: answer.error };
  },
  sign: async ({ message = '', ...one }) => {
    const { dkimSign } = load('mailauth/lib/dkim/sign') as { dkimSign: Sign };
    const octets = Buffer.from(message, 'base64');
    const { signatures, errors } = await dkimSign(octets, {
      canonicalization: `${one.header_form}/${one.body_form}`,
      strict: true,
      signatureData: [
        { signingDomain: one.domain, selector: one.selector, privateKey: one.pem, algorithm: 'rsa-sha256' },
      ],
    });
    return {
      signed: Buffer.concat([Buffer.from(signatures, 'latin1'), octets]).toString('base64'),
      why: String(errors),
    };
  },
};

const job = jobs[process.argv[2] ?? ''];
if (job === undefined) throw new Error(`jobs: ${Object.keys(jobs).join(', ')}`);
for await (const line of createInterface({ input: process.stdin })) {
  const one = JSON.parse(line) as Case;
  const answer = await job(one).catch((error: unknown) => ({ result: 'exception', why: String(error) }));
  process.stdout.write(`${JSON.stringify({ id: one.id, ...answer })}\n`);
}
