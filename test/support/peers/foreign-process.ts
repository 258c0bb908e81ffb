/**
 * A program that is not ours, in a process group of its own: started, watched, and ended with everything it has started. It is
 * never looked for by name, so a server of the same kind that runs on this machine for other reasons is not touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type ForeignWish = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
};

const patienceMs = 45_000;
const stopMs = 5_000;
const wordsMax = 1_000_000;

export class ForeignProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #group: number;
  readonly #ended: Promise<void>;
  readonly #cut: () => void;
  #words = '';
  #isOver = false;

  private constructor(name: string, child: ChildProcess, group: number) {
    this.name = name;
    this.#child = child;
    this.#group = group;
    this.#cut = () => this.#send('SIGKILL');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (octets: Buffer) => {
        if (this.#words.length < wordsMax) this.#words += octets.toString('latin1');
      });
    }
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        this.#isOver = true;
        resolve();
      });
    });
    process.once('exit', this.#cut);
  }

  static async start(program: string, args: readonly string[], wish: ForeignWish = {}): Promise<ForeignProcess> {
    const child = spawn(program, args, {
      detached: true,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...wish.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(wish.folder === undefined ? {} : { cwd: wish.folder }),
    });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    if (child.pid === undefined) throw new Error(`${program} has no process id`);
    return new ForeignProcess(program, child, child.pid);
  }

  get words(): string {
    return this.#words;
  }

  /** Resolves once this address answers with the banner of a mail server. */
  async greets(port: number): Promise<void> {
    for (const endMs = performance.now() + patienceMs; ; await sleep(20)) {
      if (this.#isOver) throw new Error(`${this.name} ended before it served: ${this.#words}`);
      if (await hasBanner(port)) return;
      if (performance.now() > endMs) throw new Error(`${this.name} does not serve on port ${port}: ${this.#words}`);
    }
  }

  /** Resolves once `look` sees what it waits for. */
  async shows(what: string, look: () => boolean): Promise<void> {
    for (const endMs = performance.now() + patienceMs; !look(); await sleep(20)) {
      if (this.#isOver) throw new Error(`${this.name} ended before ${what}: ${this.#words}`);
      if (performance.now() > endMs) throw new Error(`${this.name}: waited in vain for ${what}: ${this.#words}`);
    }
  }

  async stop(): Promise<void> {
    this.#send('SIGTERM');
    const cut = setTimeout(this.#cut, stopMs);
    await this.#ended;
    clearTimeout(cut);
    this.#cut(); // children that outlived it
    process.removeListener('exit', this.#cut);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #send(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#group, signal);
    } catch {
      // nobody of the group is left
    }
  }
}

function hasBanner(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (octets) => end(octets.toString('latin1').startsWith('220')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
