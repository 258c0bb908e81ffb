/** The OpenAPI 3.1 document, made from the table of operations and the schemas that check every request. Pure. */
import { type TObject, type TSchema, Type } from 'typebox';
import { scopes } from '../../services/directory/types.ts';
import { type Operation, operation, operationIds } from './operations.ts';
import type { HttpOptions } from './ports.ts';
import { type ProblemCode, problems } from './problems.ts';
import { Health } from './schemas/office.ts';
import { Problem } from './schemas/problem.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
type JsonObject = { readonly [name: string]: Json | undefined };

/** Met by every request under /v1. */
const everywhere = [
  'key_missing',
  'key_invalid',
  'scope_missing',
  'rate_limited',
  'internal_error',
  'unavailable',
] as const;

export function openApi(options: Pick<HttpOptions, 'version' | 'publicUrl'>): JsonObject {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const id of operationIds) {
    const entry = operation(id);
    const path = paths[entry.path] ?? {};
    paths[entry.path] = { ...path, [entry.method.toLowerCase()]: describeOperation(id, entry, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Posthorn',
      version: options.version,
      description: 'The post office for your domain: send, receive, know what happened.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: options.publicUrl ?? '/' }],
    security: [{ key: [] }],
    paths: { ...paths, ...publicPaths(components) },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `An API key, ph_live_... or ph_test_.... Scopes: ${Object.entries(scopes)
            .map(([name, says]) => `${name}: ${says}`)
            .join(' ')}`,
        },
      },
      schemas: components.all(),
    },
  };
}

/** Schemas with a title are named once and referred to everywhere else. */
class Components {
  readonly #found = new Map<string, Json>();

  refer(schema: TSchema): Json {
    return this.#write(JSON.parse(JSON.stringify(schema)) as Json);
  }

  all(): JsonObject {
    return Object.fromEntries([...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #write(value: Json): Json {
    if (Array.isArray(value)) return value.map((each: Json) => this.#write(each));
    if (typeof value !== 'object' || value === null) return value;
    const { title, ...rest } = value as JsonObject;
    const written = Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, this.#write(each ?? null)]));
    if (typeof title !== 'string') return { ...written, ...(title === undefined ? {} : { title: this.#write(title) }) };
    this.#found.set(title, { title, ...written });
    return { $ref: `#/components/schemas/${title}` };
  }
}

function describeOperation(id: string, entry: Operation, components: Components): JsonObject {
  const { answer, body } = entry;
  return {
    operationId: id,
    tags: [entry.group],
    summary: entry.summary,
    ...(entry.says === '' ? {} : { description: entry.says }),
    'x-scopes': entry.scopes,
    parameters: parametersOf(entry, components),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              [body.type]: {
                schema: body.type === 'application/json' ? components.refer(body.schema) : { type: 'string' },
              },
            },
          },
        }),
    responses: {
      [answer.status]: {
        description: answer.says,
        headers: { 'X-Request-Id': { schema: { type: 'string' } } },
        ...contentOf(answer, components),
      },
      ...problemResponses(problemsOf(entry), components),
    },
  };
}

function contentOf(answer: Operation['answer'], components: Components): JsonObject {
  if (answer.schema) return { content: { 'application/json': { schema: components.refer(answer.schema) } } };
  return answer.type === undefined ? {} : { content: { [answer.type]: { schema: { type: 'string' } } } };
}

function parametersOf(entry: Operation, components: Components): readonly Json[] {
  const names = [...entry.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries((entry.query as TObject | undefined)?.properties ?? {}).map(([name, schema]) => {
    const { description, ...rest } = components.refer(schema) as JsonObject;
    return { name, in: 'query', required: false, ...(description === undefined ? {} : { description }), schema: rest };
  });
  const idempotency = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Names this request: sent again under the same key, it is answered again and not done again.',
    schema: { type: 'string', maxLength: 256 },
  };
  return [...names, ...query, ...(entry.method === 'POST' ? [idempotency] : [])];
}

/** Every problem that this operation may answer with. */
function problemsOf(entry: Operation): readonly ProblemCode[] {
  const body: readonly ProblemCode[] = entry.body
    ? ['media_type_unsupported', 'body_too_large', 'body_incomplete', 'busy']
    : [];
  const checked: readonly ProblemCode[] = [
    'parameter_invalid',
    ...(entry.body?.type === 'application/json' ? (['json_malformed', 'validation_failed'] as const) : []),
    ...(entry.wholeOffice ? (['key_restricted'] as const) : []),
  ];
  return [...new Set([...everywhere, ...checked, ...body, ...entry.problems])];
}

function problemResponses(codes: readonly ProblemCode[], components: Components): JsonObject {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, some]) => [
        status,
        {
          description: some.join(', '),
          content: { 'application/problem+json': { schema: components.refer(Problem) } },
        },
      ]),
  );
}

function publicPaths(components: Components): JsonObject {
  const get = (summary: string, type: string, schema: Json, more: JsonObject = {}): JsonObject => ({
    get: { tags: ['Operation'], summary, security: [], responses: { 200: ok(type, schema), ...more } },
  });
  const ok = (type: string, schema: Json): JsonObject => ({ description: 'Fine.', content: { [type]: { schema } } });
  const health = components.refer(Health);
  const live = components.refer(Type.Object({ status: Type.Literal('live') }));
  return {
    '/livez': get('Is the process alive?', 'application/json', live),
    '/readyz': get('Can the office do its work?', 'application/json', health, {
      503: { description: 'Not now.', content: { 'application/json': { schema: health } } },
    }),
    '/metrics': get('Numbers for Prometheus', 'text/plain', { type: 'string' }),
  };
}
