/**
 * How fast the authentication engine is beside others, in one interleaved run: `npm run bench:authentication`. Every contender is a
 * process of its own, so that nobody pays for another one's garbage; they take turns of a fraction of a second, round after round. What
 * counts is the CPU time of the whole process per message, and of the ratios inside each round the median, because a busy machine slows
 * both. Beside us: mailauth (installed in oracles/), libopendkim (built here where a C compiler and libopendkim-dev are), and the limit:
 * what node:crypto alone takes for the same hash and the same key operation.
 *
 * --only TEXT runs the cases whose name holds TEXT, --rounds N, --json prints the figures for a program.
 */
import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createAuthenticator, type Resolver, type SignWith } from 'posthorn/authentication';
import { resolverFromZone } from 'posthorn/dns';
import { publicRecordOf } from '../../src/protocol/dkim/private-keys.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '11' },
    json: { type: 'boolean' },
    serve: { type: 'string' },
  },
});
const turnMs = 150;
const warmTurns = 24; // until the compiler has settled: it goes on for some 10,000 messages
const root = fileURLToPath(new URL('../../', import.meta.url));

// ---- The world: one sender, its keys, its records, its messages.

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const strings = (text: string) => (text.match(/.{1,200}/g) ?? []).map((one) => `"${one}"`).join(' ');
const zone = `
a.test. TXT "v=spf1 include:_spf1.a.test include:_spf2.a.test include:_spf3.a.test ~all"
_spf1.a.test. TXT "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 ip6:2001:db8:1::/48 ~all"
_spf2.a.test. TXT "v=spf1 ip4:198.18.0.0/15 ip4:100.64.0.0/10 ip6:2001:db8:2::/48 ~all"
_spf3.a.test. TXT "v=spf1 ip4:192.0.2.0/28 ip4:192.0.2.64/26 ip6:2001:db8:3::/48 ~all"
a.test. MX 10 mx.a.test.
mx.a.test. A 192.0.2.70
r._domainkey.a.test. TXT ${strings(publicRecordOf(rsa.privateKey))}
e._domainkey.a.test. TXT ${strings(publicRecordOf(ed25519.privateKey))}
_dmarc.a.test. TXT "v=DMARC1; p=reject; rua=mailto:d@a.test"
`;
const resolver = resolverFromZone(zone);
const session = { remoteAddress: '192.0.2.70', helo: 'mx.a.test', mailFrom: 'news@a.test' };
const ours = createAuthenticator({ resolver, authservId: 'mx.b.test' });

const head = [
  'Return-Path: <news@a.test>',
  'Received: from mx.a.test (mx.a.test [192.0.2.70])',
  '\tby mx.b.test (Postfix) with ESMTPS id 4Qk2Tn5Wbxz1q',
  '\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))',
  '\tfor <bob@b.test>; Sun, 22 Nov 2026 10:00:00 +0000 (UTC)',
  'Received: from app.a.test (app.a.test [10.0.0.3]) by mx.a.test with ESMTPSA',
  '\tid 4Qk2Tm6Xcyz2r; Sun, 22 Nov 2026 09:59:59 +0000',
  'Date: Sun, 22 Nov 2026 09:59:59 +0000',
  'From: "The News of A" <news@a.test>',
  'To: Bob Receiver <bob@b.test>',
  'Reply-To: help@a.test',
  'Subject: What happened this week, and what it means for your account',
  'Message-ID: <20261122095959.4Qk2Tm6Xcyz2r@a.test>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 7bit',
  'List-Id: <news.a.test>',
  'List-Unsubscribe: <https://a.test/u/5f3a8c1e>, <mailto:u@a.test>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'X-Mailer: A 1.0',
  '',
  '',
].join('\r\n');
/** Whole lines of about so many octets. */
const bodyOf = (line: string, octets: number) =>
  Buffer.from(`${line}\r\n`.repeat(Math.ceil(octets / (line.length + 2))));
const textBody = (octets: number) =>
  bodyOf('It was a plain line of text, as people write it, with some words of more length.', octets);
const base64Body = (octets: number) =>
  bodyOf('QWxsIHdvcmsgYW5kIG5vIHBsYXkgbWFrZXMgSmFjayBhIGR1bGwgYm95IGFuZCBzbyBvbm5uZXh0', octets);

const rsaKey: SignWith = { domain: 'a.test', selector: 'r', privateKey: rsa.privateKey };
const ed25519Key: SignWith = { domain: 'a.test', selector: 'e', privateKey: ed25519.privateKey };

async function signed(body: Buffer, keys: readonly SignWith[]): Promise<Buffer> {
  const message = Buffer.concat([Buffer.from(head), body]);
  return Buffer.concat([await ours.signDkim(message, keys), message]);
}

// ---- The others.

type Mailauth = {
  readonly authenticate: (
    message: Buffer,
    options: object,
  ) => Promise<{ readonly dmarc: { readonly status: { readonly result: string } } }>;
  readonly spf: (options: object) => Promise<{ readonly status: { readonly result: string } }>;
  readonly dkimVerify: (
    message: Buffer,
    options: object,
  ) => Promise<{ readonly results: readonly { readonly status: { readonly result: string } }[] }>;
  readonly dkimSign: (message: Buffer, options: object) => Promise<{ readonly signatures: string }>;
};

function loadMailauth(): Mailauth | undefined {
  try {
    const require = createRequire(join(root, 'oracles/package.json'));
    const all = require('mailauth') as Mailauth;
    const { dkimVerify } = require('mailauth/lib/dkim/verify') as Pick<Mailauth, 'dkimVerify'>;
    const { dkimSign } = require('mailauth/lib/dkim/sign') as Pick<Mailauth, 'dkimSign'>;
    const { spf } = require('mailauth/lib/spf') as Pick<Mailauth, 'spf'>;
    return { authenticate: all.authenticate, dkimVerify, dkimSign, spf };
  } catch {
    return undefined;
  }
}

/** Into a folder that goes with the process. */
function buildOpendkim(): { readonly program: string; readonly folder: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'opendkim');
  const source = join(root, 'test/bench/opendkim.c');
  const built = spawnSync('cc', ['-O2', '-o', program, source, '-lopendkim'], { encoding: 'utf8' });
  return built.status === 0 ? { program, folder } : undefined;
}

/** mailauth's form: arrays of strings per TXT, an error with a code for nothing. */
const answers = new Map<string, unknown>();
for (const [name, type] of [
  ...[
    'a.test',
    '_spf1.a.test',
    '_spf2.a.test',
    '_spf3.a.test',
    'r._domainkey.a.test',
    'e._domainkey.a.test',
    '_dmarc.a.test',
  ].map((name) => [name, 'TXT'] as const),
]) {
  const answer = await resolver.lookup(name as Parameters<Resolver['lookup']>[0], type);
  if (answer.kind === 'found')
    answers.set(
      `${name} ${type}`,
      answer.records.map((text) => [text]),
    );
}
const mailauthResolver = async (name: string, type: string) => {
  const found = answers.get(`${name} ${type}`);
  if (found !== undefined) return found;
  throw Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' });
};
const mailauthSession = {
  ip: session.remoteAddress,
  helo: session.helo,
  sender: session.mailFrom,
  mta: 'mx.b.test',
  resolver: mailauthResolver,
};

// ---- The contenders. Each is made in its own process and gives the microseconds of CPU of one message.

type Turn = () => Promise<number> | number;
type Contender = () => Promise<Turn> | Turn;
type Mark = { readonly against: string; readonly atLeast: number };
type Case = {
  readonly name: string;
  readonly contenders: Readonly<Record<string, Contender>>;
  readonly marks: readonly Mark[];
  /** How many of a process's pool threads there are; Node's default by default. */
  readonly poolThreads?: number;
};

/** CPU of the whole process, helper threads included, per call. */
function turns(work: () => unknown, batch = 20, each = 1): Turn {
  return async () => {
    const before = process.cpuUsage();
    const until = performance.now() + turnMs;
    let done = 0;
    do {
      for (let i = 0; i < batch; i++) await work();
      done += batch * each;
    } while (performance.now() < until);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / done;
  };
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not comparable: ${what}`);
}

function theirs(): Mailauth {
  const mailauth = loadMailauth();
  if (mailauth === undefined) throw new Absent('mailauth is not installed: npm ci in oracles/');
  return mailauth;
}

class Absent extends Error {}

function atOpendkim(mode: 'verify' | 'sign', message: Buffer, key: string, count: number): Turn {
  const built = buildOpendkim();
  if (built === undefined)
    throw new Absent('libopendkim cannot be built against: it takes a C compiler and libopendkim-dev');
  const [file, keyFile] = [join(built.folder, 'message'), join(built.folder, 'key')];
  writeFileSync(file, message);
  writeFileSync(keyFile, key);
  return () => Number(execFileSync(built.program, [mode, file, keyFile, String(count)], { encoding: 'utf8' }));
}

/** The floor: the body's hash and one key operation with a ready key. */
function verifyLimit(body: Buffer, key: KeyObject, privateKey: KeyObject): Turn {
  const octets = Buffer.alloc(900, 'h');
  if (key.asymmetricKeyType === 'rsa') {
    const signature = sign('sha256', octets, privateKey);
    return turns(() => [hash('sha256', body, 'buffer'), verify('sha256', octets, key, signature)]);
  }
  const signature = sign(null, hash('sha256', octets, 'buffer'), privateKey);
  return turns(() => [hash('sha256', body, 'buffer'), verify(null, hash('sha256', octets, 'buffer'), key, signature)]);
}

function verifying(name: string, body: Buffer, pair: typeof rsa, key: SignWith, marks: readonly Mark[]): Case {
  return {
    name,
    marks,
    contenders: {
      posthorn: async () => {
        const message = await signed(body, [key]);
        must((await ours.verifyDkim(message))[0]?.result === 'pass', 'our verdict');
        return turns(() => ours.verifyDkim(message));
      },
      limit: () => verifyLimit(body, pair.publicKey, pair.privateKey),
      mailauth: async () => {
        const { dkimVerify } = theirs();
        const message = await signed(body, [key]);
        const options = { resolver: mailauthResolver };
        must((await dkimVerify(message, options)).results[0]?.status.result === 'pass', "mailauth's verdict");
        return turns(() => dkimVerify(message, options));
      },
      ...(key === rsaKey && {
        libopendkim: async () => {
          const count = body.length > 50_000 ? 200 : 800;
          return atOpendkim('verify', await signed(body, [key]), publicRecordOf(pair.privateKey), count);
        },
      }),
    },
  };
}

function authenticating(name: string, body: Buffer, marks: readonly Mark[]): Case {
  return {
    name,
    marks,
    contenders: {
      posthorn: async () => {
        const message = await signed(body, [rsaKey]);
        must((await ours.authenticate(message, session)).dmarc.result === 'pass', 'our verdict');
        return turns(() => ours.authenticate(message, session));
      },
      mailauth: async () => {
        const { authenticate } = theirs();
        const message = await signed(body, [rsaKey]);
        const options = { ...mailauthSession, trustReceived: false };
        must((await authenticate(message, options)).dmarc.status.result === 'pass', "mailauth's verdict");
        return turns(() => authenticate(message, options));
      },
    },
  };
}

const spf: Case = {
  name: 'SPF, three includes',
  marks: [{ against: 'mailauth', atLeast: 3 }],
  contenders: {
    posthorn: async () => {
      must((await ours.evaluateSpf(session)).result === 'pass', 'our verdict');
      return turns(() => ours.evaluateSpf(session), 100);
    },
    mailauth: async () => {
      const mailauth = theirs();
      must((await mailauth.spf(mailauthSession)).status.result === 'pass', "mailauth's verdict");
      return turns(() => mailauth.spf(mailauthSession), 100);
    },
  },
};

const signingAtOnce = 8;
const small = textBody(5_000);
const unsigned = Buffer.concat([Buffer.from(head), small]);

const signedOctets = Buffer.alloc(900, 'h');
const signLimit = () => [hash('sha256', small, 'buffer'), sign('sha256', signedOctets, rsa.privateKey)];

/** Several callers, each with one message after the other. */
async function signMany(messages: number): Promise<void> {
  let left = messages;
  const caller = async () => {
    while (left-- > 0) await ours.signDkim(unsigned, [rsaKey]);
  };
  await Promise.all(Array.from({ length: signingAtOnce }, caller));
}

/** One thread signs, as for the limit: two that sign at the same time share caches, and each then needs longer for the same. */
const signing: Case = {
  name: 'DKIM sign RSA-2048, 5 KB',
  marks: [{ against: 'limit', atLeast: 0.75 }],
  poolThreads: 1,
  contenders: {
    posthorn: () => {
      return turns(() => signMany(signingAtOnce * 5), 1, signingAtOnce * 5);
    },
    limit: () => turns(signLimit),
    mailauth: async () => {
      const { dkimSign } = theirs();
      const privateKey = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
      const signatureData = [{ signingDomain: 'a.test', selector: 'r', privateKey, algorithm: 'rsa-sha256' }];
      const options = { canonicalization: 'relaxed/relaxed', signTime: new Date(), signatureData };
      must((await dkimSign(unsigned, options)).signatures.includes('DKIM-Signature'), "mailauth's signature");
      return turns(() => dkimSign(unsigned, options));
    },
    libopendkim: () => {
      const pem = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
      return atOpendkim('sign', unsigned, pem, 300);
    },
  },
};

const big: Case = {
  name: '25 MB message, in chunks of 64 KB',
  marks: [{ against: 'SHA-256 alone', atLeast: 1 / 3 }],
  contenders: {
    posthorn: async () => {
      const message = await signed(base64Body(25 * 1024 * 1024), [rsaKey]);
      const chunks = async function* () {
        for (let at = 0; at < message.length; at += 65_536) yield message.subarray(at, at + 65_536);
      };
      must((await ours.authenticate(chunks(), session)).dmarc.result === 'pass', 'our verdict');
      return turns(() => ours.authenticate(chunks(), session), 1);
    },
    'SHA-256 alone': () => {
      const message = base64Body(25 * 1024 * 1024);
      return turns(() => createHash('sha256').update(message).digest(), 1);
    },
  },
};

/** Wall time of the import in a new process, as microseconds like everything here. */
function importing(specifier: string, from: string, cache?: string): Turn {
  const script = `const start = performance.now(); await import('${specifier}'); console.log(performance.now() - start);`;
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  const env = cache === undefined ? environment : { ...environment, NODE_COMPILE_CACHE: cache };
  const run = () =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: from, env, encoding: 'utf8' });
  return () => Number(run()) * 1000;
}

const imports: Case = {
  name: 'import posthorn/authentication (wall time)',
  marks: [],
  contenders: {
    'posthorn, cold': () => importing('posthorn/authentication', root),
    'posthorn, warm compile cache': () =>
      importing('posthorn/authentication', root, join(tmpdir(), 'posthorn-bench-cache')),
    'mailauth, cold': () => {
      theirs();
      return importing('mailauth', join(root, 'oracles'));
    },
  },
};

const cases: readonly Case[] = [
  verifying('DKIM verify RSA-2048, 5 KB', small, rsa, rsaKey, [
    { against: 'mailauth', atLeast: 7 },
    { against: 'libopendkim', atLeast: 2.3 },
    { against: 'limit', atLeast: 0.4 },
  ]),
  verifying('DKIM verify RSA-2048, 100 KB text', textBody(100_000), rsa, rsaKey, [{ against: 'mailauth', atLeast: 4 }]),
  verifying('DKIM verify RSA-2048, 100 KB base64', base64Body(100_000), rsa, rsaKey, [
    { against: 'mailauth', atLeast: 7 },
  ]),
  verifying('DKIM verify Ed25519, 5 KB', small, ed25519, ed25519Key, [
    { against: 'limit', atLeast: 0.7 },
    { against: 'mailauth', atLeast: 3 },
  ]),
  signing,
  spf,
  authenticating('authenticate(), 5 KB', small, [{ against: 'mailauth', atLeast: 8 }]),
  authenticating('authenticate(), 100 KB', textBody(100_000), [{ against: 'mailauth', atLeast: 4 }]),
  big,
  imports,
];

// ---- Taking turns.

type Seat = { readonly name: string; readonly turn: () => Promise<number>; readonly leave: () => void };

async function seat(one: Case, name: string): Promise<Seat | undefined> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--serve', `${one.name}|${name}`], {
    execArgv: ['--single-threaded-gc'], // helpers of a few MB wait for each other on a busy machine, at the cost of whoever has them
    env: { ...process.env, ...(one.poolThreads !== undefined && { UV_THREADPOOL_SIZE: String(one.poolThreads) }) },
  });
  const heard = async (): Promise<unknown> => (await once(child, 'message'))[0];
  const ready = await heard();
  if (typeof ready === 'string') {
    process.stderr.write(`${one.name}: without ${name}, ${ready}\n`);
    child.disconnect();
    return undefined;
  }
  const turn = async () => {
    const answer = heard();
    child.send('turn');
    return Number(await answer);
  };
  return { name, turn, leave: () => child.disconnect() };
}

async function serve(place: string): Promise<void> {
  const [caseName, name = ''] = place.split('|');
  const say = (what: unknown) => process.send?.(what);
  try {
    const turn = await cases.find((one) => one.name === caseName)?.contenders[name]?.();
    if (turn === undefined) throw new Error(`no contender ${place}`);
    process.on('message', async () => say(await turn()));
    say(0);
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    say(error.message);
  }
}

type Figure = {
  readonly name: string;
  readonly micros: Readonly<Record<string, number>>;
  readonly marks: readonly (Mark & { readonly ratio: number })[];
};

const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;

async function measure(one: Case, rounds: number): Promise<Figure> {
  const all = await Promise.all(Object.keys(one.contenders).map((name) => seat(one, name)));
  const seats = all.filter((taken) => taken !== undefined);
  const warm = one === imports ? 1 : warmTurns;
  for (let turn = 0; turn < warm; turn++) for (const { turn: take } of seats) await take();
  const perRound: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) {
    const micros: Record<string, number> = {};
    for (const { name, turn } of round % 2 === 0 ? seats : seats.toReversed()) micros[name] = await turn();
    perRound.push(micros);
  }
  for (const { leave } of seats) leave();
  const ratio = (against: string) =>
    median(perRound.map((micros) => (micros[against] ?? Number.NaN) / (micros.posthorn ?? 1)));
  const micros = seats.map(({ name }) => [name, median(perRound.map((micros) => micros[name] ?? Number.NaN))] as const);
  const marks = one.marks.filter(({ against }) => seats.some(({ name }) => name === against));
  return {
    name: one.name,
    micros: Object.fromEntries(micros),
    marks: marks.map((mark) => ({ ...mark, ratio: ratio(mark.against) })),
  };
}

function show({ name, micros, marks }: Figure): void {
  const others = Object.entries(micros).map(([who, each]) => `${who} ${each.toFixed(1)} µs`);
  process.stdout.write(`${name}\n  ${others.join(', ')}\n`);
  for (const { against, atLeast, ratio } of marks) {
    const isFloor = atLeast < 1;
    const text = isFloor
      ? `${(ratio * 100).toFixed(0)} % of ${against} (mark ${(atLeast * 100).toFixed(0)} %)`
      : `${ratio.toFixed(2)} × ${against} (mark ${atLeast})`;
    process.stdout.write(`  ${ratio >= atLeast ? 'met    ' : 'NOT MET'} ${text}\n`);
  }
}

type AtOnce = { readonly perSecond: number; readonly limitPerSecond: number; readonly waitMs: number };

/** Both cores, and the loop meanwhile: wall time, so it says something on a quiet machine only. */
async function signAtOnce(rounds: number): Promise<AtOnce> {
  await signMany(10_000); // until the compiler has settled
  const perSecond = async (work: () => unknown, each: number) => {
    const start = performance.now();
    let done = 0;
    for (; performance.now() - start < 2 * turnMs; done += each) await work();
    return (done / (performance.now() - start)) * 1000;
  };
  const seen: AtOnce[] = [];
  for (let round = 0; round < rounds; round++) {
    const limitPerSecond = await perSecond(signLimit, 1);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const together = await perSecond(() => signMany(signingAtOnce * 20), signingAtOnce * 20);
    delay.disable();
    seen.push({ perSecond: together, limitPerSecond, waitMs: delay.percentile(99) / 1e6 - 1 });
  }
  const middle = (of: (one: AtOnce) => number) => median(seen.map(of));
  const [limitPerSecond, waitMs] = [middle((one) => one.limitPerSecond), middle((one) => one.waitMs)];
  return { perSecond: limitPerSecond * middle((one) => one.perSecond / one.limitPerSecond), limitPerSecond, waitMs };
}

/** @param alone the same on one thread */
function showSigningAtOnce({ perSecond, limitPerSecond, waitMs }: AtOnce, alone: Figure): void {
  const share = alone.marks.find(({ against }) => against === 'limit')?.ratio ?? Number.NaN;
  const ratio = perSecond / limitPerSecond;
  process.stdout.write(
    `DKIM sign RSA-2048, ${signingAtOnce} callers at once on ${cpus().length} cores (wall time)\n` +
      `  ${perSecond.toFixed(0)}/s\n` +
      `  ${ratio / share >= 1.7 ? 'met    ' : 'NOT MET'} ${(ratio / share).toFixed(2)} × one thread of ours (mark 1.7); ${ratio.toFixed(2)} × one thread's limit\n` +
      `  ${waitMs <= 2 ? 'met    ' : 'NOT MET'} the event loop waits ${waitMs.toFixed(1)} ms at the 99th percentile (mark 2)\n`,
  );
}

if (values.serve !== undefined) await serve(values.serve);
else {
  const figures: Figure[] = [];
  for (const one of cases.filter(({ name }) => name.includes(values.only))) {
    const figure = await measure(one, Number(values.rounds));
    figures.push(figure);
    if (!values.json) show(figure);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else if (signing.name.includes(values.only)) {
    const alone = figures.find(({ name }) => name === signing.name);
    if (alone !== undefined) showSigningAtOnce(await signAtOnce(Number(values.rounds)), alone);
  }
}
