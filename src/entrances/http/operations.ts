/**
 * The API as a table: path, who may, what is asked, what is answered. Routing, checks, the OpenAPI document, the docs page and
 * the SDK's types are made from it; `handlers/` says for each entry how it is done.
 */
import type { Static, TSchema } from 'typebox';
import type { Spooled } from '../../base/port/blobs.ts';
import type { KeyPrincipal } from '../../services/directory/types.ts';
import type { Answer } from './answer.ts';
import { domainsOperations } from './operations/domains.ts';
import { emailsOperations } from './operations/emails.ts';
import { eventsOperations } from './operations/events.ts';
import { inboxOperations } from './operations/inbox.ts';
import { officeOperations } from './operations/office.ts';
import { streamsOperations } from './operations/streams.ts';
import { testsOperations } from './operations/tests.ts';
import type { Operation } from './operations/types.ts';

export type { Operation };

const operations = {
  ...emailsOperations,
  ...eventsOperations,
  ...inboxOperations,
  ...testsOperations,
  ...domainsOperations,
  ...streamsOperations,
  ...officeOperations,
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
export const operationIds = Object.keys(operations) as OperationId[];

/** The entry as the machinery sees it, which does not care which one it is. */
export function operation(id: OperationId): Operation {
  return operations[id];
}

type QueryOf<Op> = Op extends { readonly query: infer Schema extends TSchema } ? Static<Schema> : Record<never, never>;
type BodyOf<Op> = Op extends { readonly body: { readonly schema: infer Schema extends TSchema } }
  ? Static<Schema>
  : Op extends { readonly body: { readonly type: 'message/rfc822' } }
    ? Spooled
    : undefined;
type NamesIn<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** A request that has passed every check. */
export type Call<Id extends OperationId> = {
  readonly principal: KeyPrincipal;
  readonly names: Readonly<Record<NamesIn<(typeof operations)[Id]['path']>, string>>;
  readonly query: QueryOf<(typeof operations)[Id]>;
  readonly body: BodyOf<(typeof operations)[Id]>;
  readonly headers: Headers;
  readonly idempotencyKey: string | undefined;
  readonly clientAddress: string;
  /** Aborts when the client is gone or the office stops. */
  readonly signal: AbortSignal;
};

export type Handlers<Ids extends OperationId = OperationId> = {
  readonly [Id in Ids]: (call: Call<Id>) => Promise<Answer>;
};
