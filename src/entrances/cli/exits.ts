/** Exit codes: those of sysexits.h that scripts can act on, and 1 for "looked, and found problems". */
export const exits = {
  ok: 0,
  problems: 1,
  usage: 64,
  badInput: 65,
  unavailable: 69,
  bug: 70,
  tryAgain: 75,
  noPermission: 77,
  configuration: 78,
} as const;

export type ExitCode = (typeof exits)[keyof typeof exits];
