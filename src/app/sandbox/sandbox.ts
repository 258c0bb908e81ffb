/**
 * The sandbox world: a small internet in one process, on loopback, with no way out. Authoritative DNS, your office for example.com, a
 * second one for example.net, a stranger, and a certificate authority. Builds it, sends the demonstration through it, tells what
 * happened, and keeps serving (or, with `once`, ends with 0 only if every fact held).
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stopped } from '../../base/deadline.ts';
import { settings } from '../settings.ts';
import { demonstrate, type Stage, type Step } from './demonstration.ts';
import { narrateNext, narrateOpening, narrateStep, type Telling } from './narrate.ts';
import { openWorld, type SandboxWorld } from './world.ts';

export type SandboxOptions = {
  /** Run the demonstration in a folder and on ports of its own, then end. */
  readonly once: boolean;
  readonly json: boolean;
  readonly data: string;
};

export type SandboxIo = Telling & {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
};

/**
 * Answers the exit code: 0 when every step held, 1 when something did not happen as it must.
 * @param open builds the world; another one shows that a demonstration in a broken world does fail
 */
export async function runSandbox(options: SandboxOptions, io: SandboxIo, open = openWorld): Promise<number> {
  const folder = options.once ? mkdtempSync(join(tmpdir(), 'posthorn-sandbox-')) : resolve(options.data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    return await inWorld(folder, options, io, open);
  } finally {
    if (options.once) rmSync(folder, { recursive: true, force: true });
  }
}

async function inWorld(
  folder: string,
  options: SandboxOptions,
  io: SandboxIo,
  open: typeof openWorld,
): Promise<number> {
  const tell = options.json ? () => {} : io.out;
  const world = await open({
    data: folder,
    ownPorts: options.once,
    environment: io.environment,
    err: io.err,
  });
  try {
    tell(narrateOpening(world.facts, io));
    const steps = await demonstration(world, io.signal, (step) => tell(narrateStep(step, io)));
    const ok = !io.signal.aborted && steps.every((step) => step.ok);
    if (options.json) io.out(`${JSON.stringify({ ok, steps: steps.map(forPrograms) }, undefined, 2)}\n`);
    if (io.signal.aborted) {
      io.err('stopped before the end ...\n');
      return options.once ? 1 : 0; // nobody may take half a demonstration for a whole one
    }
    if (options.once) {
      tell(ok ? io.style.good('Everything held.\n') : io.style.bad('Not everything held.\n'));
      return ok ? 0 : 1;
    }
    tell(narrateNext(world.facts, io, options.data === settings.data.fallback ? undefined : options.data));
    await stopped(io.signal);
    io.err('stopping ...\n');
    return 0;
  } finally {
    await world.close();
  }
}

/** Ends with the step that is under way when `signal` aborts: whoever asks to stop waits for no delivery. */
async function demonstration(world: SandboxWorld, signal: AbortSignal, told: (step: Step) => void): Promise<Step[]> {
  const stage: Stage = world.stage;
  const start: Step = { name: 'start', ok: true, problems: [], facts: { ...world.facts, started_ms: world.startedMs } };
  const steps = [start];
  const rest = demonstrate(stage);
  for (;;) {
    const next = rest.next();
    next.catch(() => {}); // of a step that nobody waits for any more, in a world that closes
    const step = await Promise.race([next, stopped(signal)]);
    if (step === undefined || step.done) return steps;
    told(step.value);
    steps.push(step.value);
  }
}

function forPrograms({ name, ok, problems, facts }: Step) {
  return { name, ok, facts, ...(problems.length > 0 ? { problems } : {}) };
}
