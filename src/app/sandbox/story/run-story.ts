/** Plays the story in a world of its own, and tells it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopped } from '../../../base/deadline.ts';
import { loadCatalogue } from '../../load-catalogue.ts';
import type { SandboxIo } from '../sandbox.ts';
import { openWorld } from '../world.ts';
import { replayStory, type StoryState } from './story.ts';
import { storyDocument, tellOpening, tellState } from './tell-story.ts';

/** Answers the exit code: 0 when every number came out as the table has it. */
export async function runStory({ json }: { readonly json: boolean }, io: SandboxIo): Promise<number> {
  const tell = json ? () => {} : io.out;
  tell(tellOpening(io));
  const states = await playStory(io, (state, at) => tell(tellState(state, at, io)));
  if (io.signal.aborted) {
    io.err('stopped before the end ...\n');
    return 1;
  }
  const document = storyDocument(states);
  if (json) io.out(`${JSON.stringify(document, undefined, 2)}\n`);
  tell(
    document.ok
      ? io.style.good('Every number is the one of the table.\n')
      : io.style.bad('Not every number came out.\n'),
  );
  tell(`${io.style.dim(`Your own domain: ${io.command} check DOMAIN`)}\n`);
  return document.ok ? 0 : 1;
}

/** Ends with the chapter that is under way when the process is asked to stop. */
export async function playStory(
  io: Pick<SandboxIo, 'environment' | 'err' | 'signal'>,
  told: (state: StoryState, at: number) => void = () => {},
): Promise<readonly StoryState[]> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-story-'));
  try {
    const world = await openWorld({ data: folder, ownPorts: true, environment: io.environment, err: io.err });
    try {
      const { timers, theirs, friend } = world.stage;
      const catalogue = await loadCatalogue();
      const chapters = replayStory({ folder, timers, ...world.outside, catalogue, office: theirs, friend });
      const states: StoryState[] = [];
      for (;;) {
        const next = chapters.next();
        next.catch(() => {}); // of a chapter that nobody waits for any more, in a world that closes
        const state = await Promise.race([next, stopped(io.signal)]);
        if (state === undefined || state.done) return states;
        told(state.value, states.push(state.value) - 1);
      }
    } finally {
      await world.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
