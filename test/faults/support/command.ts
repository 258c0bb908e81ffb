/** `posthorn COMMAND` to its end. */
import { execFile } from 'node:child_process';
import { launcher, ownEnvironment } from './office.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

const patienceMs = 60_000;

export function posthorn(...args: string[]): Promise<Ran> {
  return run(launcher, args);
}

function run(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = {
      env: ownEnvironment(),
      timeout: patienceMs,
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8' as const,
    };
    execFile(program, args, options, (error, out, err) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') resolve({ code, out, err });
      else reject(error);
    });
  });
}
