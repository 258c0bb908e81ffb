/** Addresses where no other test listens: a port that is given back there is free until it is taken again. */

/** @param nth one for each file that asks */
export function ownAddress(nth: number): string {
  return process.platform === 'linux' ? `127.0.7.${nth}` : '127.0.0.1';
}
