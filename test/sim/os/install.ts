/**
 * Puts the simulated system under the product: its modules get ours where they ask Node for the database, files and the thread pool,
 * so that the adapters that run are the real ones. For a process of its own, before the product is loaded.
 */
import { registerHooks } from 'node:module';

const ours: Readonly<Record<string, URL>> = {
  'node:sqlite': new URL('./sqlite.ts', import.meta.url),
  'node:fs/promises': new URL('./files.ts', import.meta.url),
  'node:fs': new URL('./file-calls.ts', import.meta.url),
  'node:crypto': new URL('./crypto.ts', import.meta.url),
};

const product = new URL('../../../src/', import.meta.url).href;

export function installSystem(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = ours[specifier]?.href;
      if (url === undefined || !context.parentURL?.startsWith(product)) return next(specifier, context);
      return { url, shortCircuit: true };
    },
  });
}
