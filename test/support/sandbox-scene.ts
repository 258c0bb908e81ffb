/**
 * The sandbox world as scenarios see it: opened on ports and in a folder of its own, once per file; what arrived and what became of
 * it; real programs run against it; and raw SMTP dialogues for what no decent program says.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Office } from '../../src/app/compose.ts';
import type { SandboxFacts } from '../../src/app/sandbox/sandbox-facts.ts';
import { openWorld, type SandboxWorld } from '../../src/app/sandbox/world.ts';
import type { SettingName } from '../../src/app/settings.ts';
import { fromLatin1, fromUtf8, latin1 } from '../../src/base/bytes.ts';
import { fieldsNamed, fieldText, indexMessage, type MessageIndex } from '../../src/format/message/message-index.ts';
import { type Part, partContent, partTree } from '../../src/format/message/part-tree.ts';
import { writeProxyHeader } from '../../src/protocol/smtp/proxy-v2.ts';
import type { StoredMail } from '../../src/services/mailbox/types.ts';
import type { MessageView } from '../../src/services/outbound/types.ts';

export type Scene = {
  readonly world: SandboxWorld;
  readonly facts: SandboxFacts;
  readonly folder: string;
  /** Lines of both offices' logs at level error: nothing a stranger does may write one. */
  readonly errors: readonly string[];
  readonly close: () => Promise<void>;
};

const errorLevel = 50; // pino's number for it

/** @param folder kept when given; else a new one that is gone with the scene */
export async function openScene(folder?: string, settings?: ReadonlyMap<SettingName, unknown>): Promise<Scene> {
  const data = folder ?? mkdtempSync(join(tmpdir(), 'posthorn-scene-'));
  const errors: string[] = [];
  const err = (line: string) => {
    if ((JSON.parse(line) as { level: number }).level >= errorLevel) errors.push(line);
  };
  const world = await openWorld({ data, ownPorts: true, environment: {}, err, ...(settings && { settings }) });
  return {
    world,
    facts: world.facts,
    folder: data,
    errors,
    close: async () => {
      await world.close();
      if (folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** On a busy machine a program may take its time to start. */
const patienceMs = 20_000;
const napMs = 10;

/** Looks again and again until there is something to see. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + patienceMs; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < endMs, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, napMs));
  }
}

/** The message this office sent under a subject, once all its deliveries have an end. */
export async function settledMessage(office: Office, subject: string): Promise<MessageView> {
  const { id } = await until(`a message "${subject}" in the queue`, async () =>
    (await office.outbound.messages({ limit: 20 })).find((message) => message.subject === subject),
  );
  const view = await office.outbound.settled(id, AbortSignal.timeout(patienceMs));
  assert.ok(view?.settled, `"${subject}" came to no end`);
  return view;
}

export type Arrival = { readonly mail: StoredMail; readonly raw: Uint8Array; readonly index: MessageIndex };

/** Everything stored at an office under a subject, newest first. */
export async function arrivals(office: Office, subject: string): Promise<Arrival[]> {
  const found = (await office.mailbox.list({ limit: 1_000 })).filter((mail) => mail.subject === subject);
  return Promise.all(
    found.map(async (mail) => {
      const raw = await office.mailbox.raw(mail.id);
      assert.ok(raw);
      return { mail, raw, index: indexMessage(raw) };
    }),
  );
}

export async function onlyArrival(office: Office, subject: string): Promise<Arrival> {
  const [arrival, ...more] = await arrivals(office, subject);
  assert.ok(arrival && more.length === 0, `${arrival ? more.length + 1 : 0} messages "${subject}"`);
  return arrival;
}

export function fieldCount(index: MessageIndex, name: string): number {
  return fieldsNamed(index, name).length;
}

/** Leaf parts, decoded. */
export function leaves(index: MessageIndex): { readonly part: Part; readonly content: Uint8Array }[] {
  const walk = (part: Part): Part[] => (part.parts.length > 0 ? part.parts.flatMap(walk) : [part]);
  return walk(partTree(index).root).map((part) => ({ part, content: partContent(index, part) }));
}

/** The first text of a message, decoded, with LF. */
export function textOf(index: MessageIndex): string {
  const [first] = leaves(index);
  return first ? fromUtf8(first.content).replaceAll('\r\n', '\n') : '';
}

export function field(index: MessageIndex, name: string): string {
  return fieldText(index, name) ?? '';
}

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a program to its end. Never synchronously: the world it talks to lives in this process. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // The world lies on loopback: a proxy that this machine goes out by does not lead there.
    const env = { ...process.env, no_proxy: '*', NO_PROXY: '*', ...options.environment };
    const child = execFile(program, args, { env, timeout: patienceMs, encoding: 'utf8' }, (error, out, err) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') resolve({ code, out, err });
      else reject(error);
    });
    child.stdin?.on('error', () => {}); // it may end without having read everything
    child.stdin?.end(options.input ?? '');
  });
}

/** False when the program can be run here, else the reason to skip what needs it. */
export function missing(program: string, args: readonly string[], name = program): false | string {
  const { error, status } = spawnSync(program, args, { stdio: 'ignore' });
  return error === undefined && status === 0 ? false : `${name} is not installed`;
}

type DialogueOptions = {
  /** The client's address in a PROXY header. */
  readonly from?: string;
  /** Said at once, without waiting for the banner. */
  readonly early?: string | Uint8Array;
};

/** An SMTP dialogue, octet by octet. Ends with its scope: an office that closes waits for whoever is still talking. */
export class Dialogue implements Disposable {
  #socket: Socket;
  #unread = '';
  #over = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  static async open(port: number, options: DialogueOptions = {}): Promise<Dialogue> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const dialogue = new Dialogue(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    if (options.from !== undefined) {
      socket.write(writeProxyHeader({ address: options.from, port: 40_000 }, { address: '192.0.2.10', port: 25 }));
    }
    if (options.early !== undefined) dialogue.say(options.early);
    return dialogue;
  }

  /** With banner and EHLO behind it. */
  static async greeted(port: number, options: DialogueOptions & { readonly helo?: string } = {}): Promise<Dialogue> {
    const dialogue = await Dialogue.open(port, options);
    try {
      assert.match(await dialogue.hear(), /^220 /);
      assert.match(await dialogue.ask(`EHLO ${options.helo ?? 'mail.example.org'}`), /^250/);
      return dialogue;
    } catch (error) {
      dialogue[Symbol.dispose]();
      throw error;
    }
  }

  #listen(socket: Socket): void {
    const end = () => {
      if (socket !== this.#socket) return;
      this.#over = true;
      this.#wake();
    };
    socket.on('data', (octets) => {
      this.#unread += latin1(octets as Uint8Array);
      this.#wake();
    });
    socket.on('error', end).on('close', end);
  }

  /** Octets as they are: latin1 text or bytes. */
  say(words: string | Uint8Array): void {
    this.#socket.write(typeof words === 'string' ? fromLatin1(words) : words);
  }

  /** The next whole reply, its lines joined with LF; '' when the other side has closed. */
  async hear(): Promise<string> {
    for (;;) {
      const reply = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#unread)?.[0];
      if (reply !== undefined) {
        this.#unread = this.#unread.slice(reply.length);
        return reply.trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.#over) return '';
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A command line and its reply. */
  ask(line: string): Promise<string> {
    this.say(`${line}\r\n`);
    return this.hear();
  }

  /** All replies until the other side closes. */
  async hearOut(): Promise<string[]> {
    const replies: string[] = [];
    for (let reply = await this.hear(); reply !== ''; reply = await this.hear()) replies.push(reply);
    return replies;
  }

  /** A whole transaction; answers the reply to the message, or the first refusal before it. */
  async send(envelope: { readonly from: string; readonly to: string }, message: string | Uint8Array): Promise<string> {
    for (const line of [`MAIL FROM:<${envelope.from}>`, `RCPT TO:<${envelope.to}>`, 'DATA']) {
      const reply = await this.ask(line);
      if (!/^[23]/.test(reply)) return reply;
    }
    this.say(message);
    this.say('\r\n.\r\n');
    return this.hear();
  }

  /** After a 220 to STARTTLS. */
  async secure(trust: string, options: { readonly minVersion?: 'TLSv1'; readonly maxVersion?: 'TLSv1.1' } = {}) {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const weak = options.maxVersion ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
    const socket: TLSSocket = connectTls({ socket: plain, ca: trust, host: '127.0.0.1', ...weak, ...options });
    this.#socket = socket;
    this.#unread = '';
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    this.#listen(socket);
    return socket.getProtocol();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
