/** The no of a command: what is wrong in one sentence, a code for programs, the exit code, and the next command to type. */
import type { ExitCode } from './exits.ts';

export type Failure = {
  readonly exit: ExitCode;
  /** snake_case; where the API has the same no, the same code. */
  readonly code: string;
  readonly say: string;
  /** A command line, or what to do before it can be typed again. */
  readonly next: string;
};

/** Thrown by whatever a command calls; only `runCli` catches it. */
export class CliError extends Error implements Failure {
  override readonly name = 'CliError';
  readonly exit: ExitCode;
  readonly code: string;
  readonly say: string;
  readonly next: string;

  constructor(failure: Failure) {
    super(failure.say);
    this.exit = failure.exit;
    this.code = failure.code;
    this.say = failure.say;
    this.next = failure.next;
  }
}
