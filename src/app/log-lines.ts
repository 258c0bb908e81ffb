/**
 * Log lines of one turn of the event loop leave in one write: each write to a file or a pipe is a system call that holds up everybody.
 * A process that ends loses none; one that is killed, those of that turn.
 */

/** More are written at once. */
const heldCharactersMax = 65_536;

export type LogLines = {
  readonly log: (line: string) => void;
  /** Writes what is held; at the end. */
  readonly flush: () => void;
};

export function gatherLogLines(write: (lines: string) => void): LogLines {
  let held = '';
  let turn: NodeJS.Immediate | undefined;
  const flush = () => {
    clearImmediate(turn);
    turn = undefined;
    if (held === '') return;
    const lines = held;
    held = '';
    write(lines);
  };
  const log = (line: string) => {
    held += line;
    if (held.length > heldCharactersMax) flush();
    else turn ??= setImmediate(flush);
  };
  return { log, flush };
}
