/** Where work ends that a thread pool would do: in the time of the run that goes on, or at once where none does. */
import type { Schedule } from '../schedule.ts';

const running: { schedule: Schedule | undefined } = { schedule: undefined };

export function usePool(schedule: Schedule | undefined): void {
  running.schedule = schedule;
}

export function later(ms: number, run: () => void): void {
  if (running.schedule) running.schedule.after(ms, run);
  else queueMicrotask(run);
}
