/** What happened, in lines for people; the last ones stand beside a failure, and all of them make the fingerprint of a run. */
import type { Schedule } from './schedule.ts';

const keptLines = 400;

export class Trace {
  readonly #schedule: Schedule;
  readonly #print: ((line: string) => void) | undefined;
  #lines: string[] = [];

  constructor(schedule: Schedule, print: ((line: string) => void) | undefined) {
    this.#schedule = schedule;
    this.#print = print;
  }

  say(who: string, what: string): void {
    const line = `${clock(this.#schedule.nowMs)} ${who.padEnd(9)} ${what}`;
    for (let at = 0; at < line.length; at++) this.#schedule.mix(line.charCodeAt(at));
    this.#print?.(line);
    this.#lines.push(line);
    if (this.#lines.length > 2 * keptLines) this.#lines = this.#lines.slice(-keptLines);
  }

  last(most: number): readonly string[] {
    return this.#lines.slice(-most);
  }
}

/** `1d 02:03:04.567` */
function clock(ms: number): string {
  const pad = (value: number, places: number) => String(Math.floor(value)).padStart(places, '0');
  const days = Math.floor(ms / 86_400_000);
  const time = `${pad((ms / 3_600_000) % 24, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1_000) % 60, 2)}.${pad(ms % 1_000, 3)}`;
  return `${days}d ${time}`;
}
