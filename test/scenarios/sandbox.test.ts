/** The demonstration: what it says, what it proves, what it keeps over a restart, and that it fails when the world is not right. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createTransport } from 'nodemailer';
import { demonstrate, type Stage, type Step } from '../../src/app/sandbox/demonstration.ts';
import { narrateNext, narrateOpening, narrateStep, type Telling } from '../../src/app/sandbox/narrate.ts';
import { runSandbox, type SandboxIo } from '../../src/app/sandbox/sandbox.ts';
import type { SandboxFacts } from '../../src/app/sandbox/sandbox-facts.ts';
import { openWorld } from '../../src/app/sandbox/world.ts';
import { plainStyle } from '../../src/entrances/cli/style.ts';
import { arrivals, openScene, type Scene, settledMessage } from '../support/sandbox-scene.ts';
import { tempFolder } from '../support/temp-office.ts';

const terminal: Telling = { style: plainStyle, columns: 80, command: './posthorn' };

async function steps(stage: Stage): Promise<Step[]> {
  const all: Step[] = [];
  for await (const step of demonstrate(stage)) all.push(step);
  return all;
}

type Json = {
  ok: boolean;
  steps: { name: string; ok: boolean; facts: Record<string, unknown>; problems?: string[] }[];
};

async function runOnce(
  open?: typeof openWorld,
  signal = new AbortController().signal,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const io: SandboxIo = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    ...terminal,
    environment: {},
    signal,
  };
  const code = await runSandbox({ once: true, json: true, data: 'never used' }, io, open);
  return { code, ...said };
}

describe('the demonstration', () => {
  let scene: Scene;
  let held: Step[];
  before(async () => {
    scene = await openScene();
    held = await steps(scene.world.stage);
  });
  after(() => scene.close());

  test('holds every fact', () => {
    assert.deepEqual(
      held.map(({ name, ok, problems }) => ({ name, ok, problems })),
      ['deliver', 'forge', 'bounce'].map((name) => ({ name, ok: true, problems: [] })),
    );
    assert.deepEqual(scene.errors, []);
  });

  test('every verdict of the delivered message is on record', () => {
    const facts = held[0]?.facts;
    assert.partialDeepStrictEqual(facts, {
      from: 'hello@example.com',
      to: 'friend@example.net',
      state: 'delivered',
      arrived: {
        folder: 'INBOX',
        mailbox: 'friend@example.net',
        verdicts: { spf: 'pass', dkim: 'pass', dmarc: 'pass' },
      },
    });
    const results = String(facts?.authentication_results);
    assert.match(results, /^mx\.example\.net;\s+spf=pass smtp\.mailfrom=bounce\.example\.com;/);
    assert.match(results, /dkim=pass header\.d=example\.com header\.s=ph1 header\.a=rsa-sha256/);
    assert.match(results, /dkim=pass header\.d=example\.com header\.s=ph2 header\.a=ed25519-sha256/);
    assert.match(results, /dmarc=pass header\.from=example\.com/);
  });

  test('MAIL_RULES 15: the forged message is refused; with the traces of a list it lies in Junk, and nowhere else', async () => {
    const forgeries = await arrivals(scene.world.stage.theirs, 'Please pay this bill today');
    assert.deepEqual(
      forgeries.map(({ mail }) => [mail.folder, mail.verdicts.dmarc]),
      [['Junk', 'fail']],
    );
    assert.match(String(JSON.stringify(held[1]?.facts.reply)), /"code":550,"enhanced":"5\.7\.26"/);
  });

  test('the failure comes back with the words of the receiver', () => {
    assert.partialDeepStrictEqual(held[2]?.facts, {
      state: 'bounced',
      host: 'mx.example.net',
      reply: { code: 550, enhanced: '5.1.1', text: 'No such mailbox here', stage: 'rcpt' },
      say: 'mx.example.net said: 550 5.1.1 No such mailbox here',
    });
  });

  test('the story fits into 80 columns, but for paths', () => {
    const told = [narrateOpening(scene.facts, terminal), ...held.map((step) => narrateStep(step, terminal))].join('');
    const next = narrateNext(scene.facts, terminal, scene.folder);
    const lines = `${told}${next.replaceAll(scene.folder, 'data')}`.split('\n');
    assert.deepEqual(
      lines.filter((line) => [...line].length > 80 || /\s$/.test(line)),
      [],
    );
    const unbroken = lines.join(' ').replaceAll(/\s+/g, ' ');
    for (const words of [
      'accepted +0 ms from hello@example.com to friend@example.net',
      'DKIM rsa-sha256, d=example.com',
      'DKIM ed25519-sha256, d=example.com',
      'MX 10 mx.example.net -> mx.example.net',
      'TLSv1.3, TLS_',
      'SPF pass, DKIM pass, DMARC pass',
      'INBOX',
      '550 5.7.26 DMARC fails for example.com',
      'Junk',
      '550 5.1.1 No such mailbox here',
    ]) {
      assert.ok(unbroken.includes(words), words);
    }
    assert.doesNotMatch(unbroken, /undefined|NaN|\[object|\x1b/);
  });

  test('sandbox.json says where everything is, to its owner alone', () => {
    const { facts_file: file } = scene.facts.world;
    const written = JSON.parse(readFileSync(file, 'utf8')) as SandboxFacts;
    assert.deepEqual(written, scene.facts);
    assert.match(written.api.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(written.api.key, /^ph_live_/);
    assert.partialDeepStrictEqual(written, {
      submission: { host: '127.0.0.1', user: 'hello', from: 'hello@example.com' },
      mx: { host: '127.0.0.1', domain: 'example.com', recipient: 'hello@example.com' },
      dns: { host: '127.0.0.1' },
      pid: process.pid,
    });
    assert.match(written.submission.password, /^ph_app_/);
    const ports = [written.submission.port, written.mx.port, written.mx.proxy_port, written.dns.port];
    assert.ok(ports.every((port) => Number.isInteger(port) && port > 0));
    assert.ok(existsSync(written.world.authority));
  });

  test('a fact that does not hold fails its step, and says which', async () => {
    const broken = await steps({
      ...scene.world.stage,
      friend: 'stranger@example.net',
      nobody: 'friend@example.net',
    });
    assert.deepEqual(
      broken.map(({ name, ok }) => ({ name, ok })),
      ['deliver', 'forge', 'bounce'].map((name) => ({ name, ok: false })),
    );
    assert.ok(broken[0]?.problems.includes('the delivery ends as delivered'));
    assert.ok(broken[2]?.problems.includes('the delivery ends as bounced'));
    for (const step of broken) assert.match(narrateStep(step, terminal), /!! expected, and did not happen: /);
  });
});

describe('sandbox --once', () => {
  test('--json prints one document, and ends with 0', async () => {
    const { code, out, err } = await runOnce();
    const document = JSON.parse(out) as Json;
    assert.equal(code, 0, out);
    assert.equal(err, '');
    assert.equal(document.ok, true);
    assert.deepEqual(
      document.steps.map(({ name, ok }) => ({ name, ok })),
      ['start', 'deliver', 'forge', 'bounce'].map((name) => ({ name, ok: true })),
    );
    for (const step of document.steps) assert.deepEqual(Object.keys(step), ['name', 'ok', 'facts']);
    const start = document.steps[0]?.facts as unknown as SandboxFacts;
    assert.equal(existsSync(start.world.facts_file), false); // a folder of its own, gone with it
  });

  test('in a world without the friend it ends with 1, and says what did not happen', async () => {
    const friendless: typeof openWorld = async (options) => {
      const world = await openWorld(options);
      return { ...world, stage: { ...world.stage, friend: 'stranger@example.net' } };
    };
    const { code, out } = await runOnce(friendless);
    const document = JSON.parse(out) as Json;
    assert.equal(code, 1);
    assert.equal(document.ok, false);
    assert.equal(document.steps[1]?.ok, false);
    assert.ok(document.steps[1]?.problems?.includes('the message lies in the inbox'));
  });
});

test('whoever asks to stop in the middle of the demonstration is not kept waiting for its answers', async (t) => {
  const asked = new AbortController();
  const held: Socket[] = [];
  const silent = createServer((socket) => {
    held.push(socket); // and nobody ever answers
    asked.abort();
  });
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  t.after(async () => {
    for (const socket of held) socket.destroy();
    await new Promise((closed) => silent.close(closed));
  });
  const { port } = silent.address() as AddressInfo;
  const deaf: typeof openWorld = async (options) => {
    const world = await openWorld(options);
    return { ...world, stage: { ...world.stage, api: { ...world.stage.api, url: `http://127.0.0.1:${port}` } } };
  };
  const { code, out, err } = await runOnce(deaf, asked.signal);
  assert.equal(code, 1);
  assert.match(err, /stopped before the end/);
  const document = JSON.parse(out) as Json;
  assert.equal(document.ok, false);
  assert.deepEqual(
    document.steps.map(({ name }) => name),
    ['start'],
  );
});

test('the sandbox keeps its data: mail, API key and password are good after a restart', async (t) => {
  const folder = tempFolder(t);
  const send = async (scene: Scene, password: string, subject: string) => {
    const { host, port, user, from } = scene.facts.submission;
    const tls = { ca: readFileSync(scene.facts.world.authority) };
    const client = createTransport({ host, port, requireTLS: true, tls, auth: { user, pass: password } });
    await client.sendMail({ from, to: scene.facts.world.friend, subject, text: subject });
    client.close();
    await settledMessage(scene.world.stage.yours, subject);
  };
  const first = await openScene(folder);
  const { api, submission, world } = first.facts;
  const authority = readFileSync(world.authority, 'utf8');
  await send(first, submission.password, 'before');
  await first.close();

  const second = await openScene(folder);
  t.after(() => second.close());
  assert.equal(second.facts.api.key, api.key);
  assert.equal(second.facts.submission.password, submission.password);
  assert.equal(second.facts.world.other_api.key, world.other_api.key);
  assert.equal(readFileSync(second.facts.world.authority, 'utf8'), authority);
  await send(second, submission.password, 'after');
  const inbox = await fetch(`${second.facts.world.other_api.url}/v1/inbox`, {
    headers: { authorization: `Bearer ${world.other_api.key}`, connection: 'close' },
  });
  const { data } = (await inbox.json()) as { data: { subject: string; verdicts: object }[] };
  assert.deepEqual(
    data.map(({ subject }) => subject),
    ['after', 'before'],
  );
  assert.partialDeepStrictEqual(data[0]?.verdicts, { spf: 'pass', dkim: 'pass', dmarc: 'pass' });
  assert.deepEqual(
    (await second.world.stage.yours.outbound.messages({ limit: 5 })).map(({ subject }) => subject),
    ['after', 'before'],
  );
});
