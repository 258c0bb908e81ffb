/**
 * V8 compiles a function with its first optimising compiler (Maglev) after 400 calls, and not before 500 have passed without anything
 * new to learn of it. In a mail server a function that ran a hundred times runs a million times, and most run once for a message: the
 * first thousand messages after a start cost a third more until it was done. So it is done after a hundred.
 */
import { setFlagsFromString } from 'node:v8';

const calls = 100;
const callsWithoutNews = 50;

/** For a process that stays; a command of a second would compile in vain. A V8 that knows the flags no more goes on without them. */
export function compileEarly(): void {
  setFlagsFromString(`--invocation-count-for-maglev=${calls}`);
  setFlagsFromString(`--minimum-invocations-after-ic-update=${callsWithoutNews}`);
}
