/**
 * Puts the simulated system under the product: its modules get ours where they ask Node for the database, files and the thread pool,
 * so that the adapters that run are the real ones. For a process of its own, before the product is loaded.
 */
import { registerHooks } from 'node:module';

const ours: Readonly<Record<string, string>> = {
  'node:sqlite': 'sqlite.ts',
  'node:fs/promises': 'files.ts',
  'node:fs': 'file-calls.ts',
  'node:crypto': 'crypto.ts',
};

const product = new URL('../../../src/', import.meta.url).href;

export function installSystem(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const file = ours[specifier];
      if (file === undefined || !context.parentURL?.startsWith(product)) return next(specifier, context);
      return { url: new URL(file, import.meta.url).href, shortCircuit: true };
    },
  });
}
