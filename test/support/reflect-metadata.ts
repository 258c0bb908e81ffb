/**
 * @peculiar/x509 is built on tsyringe, which wants the `Reflect` metadata functions to exist before it is loaded. It stores
 * and reads a handful of entries through them; this is that much. To be imported before @peculiar/x509.
 */
type Entries = Map<unknown, unknown>;

const entriesOf = new WeakMap<object, Entries>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return entriesOf.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const entries = entriesOf.get(target) ?? new Map();
  entriesOf.set(target, entries.set(key, value));
}

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { getOwnMetadata, defineMetadata, getMetadata: getOwnMetadata });
