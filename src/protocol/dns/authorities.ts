/**
 * The port through which the servers that are authoritative for a name are asked, each for itself: what everybody will see once
 * the caches are empty. A resolver tells what one cache saw; a change counts as made when every one of these shows it.
 */
import type { QueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, LookupOptions, RecordData, RecordType, Resolver } from './types.ts';

export type ServerAnswer<T> = {
  /** The server's name; for a name that is an alias, `ns1.example.com > ns.provider.example`. */
  readonly server: string;
  readonly answer: DnsAnswer<T>;
};

export type AuthoritiesAnswer<T> =
  /** One entry for each server; a server that is lame or silent is `failed`. Never empty. */
  | { readonly kind: 'asked'; readonly zone: string; readonly answers: readonly ServerAnswer<T>[] }
  /** Which servers there are could not be found out. */
  | { readonly kind: 'failed'; readonly say: string };

export interface Authorities {
  readonly lookup: <T extends RecordType>(
    name: QueryName,
    type: T,
    options?: LookupOptions,
  ) => Promise<AuthoritiesAnswer<RecordData[T]>>;
}

/** For zone text, and wherever only a resolver can be asked: it stands for all of them. */
export function resolverAsAuthority(resolver: Resolver, server: string): Authorities {
  return {
    lookup: async (name, type, options) => ({
      kind: 'asked',
      zone: name,
      answers: [{ server, answer: await resolver.lookup(name, type, options) }],
    }),
  };
}
