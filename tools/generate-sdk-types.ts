/** Writes sdk/types.ts from the API's schemas: `node tools/generate-sdk-types.ts`. A test holds the file against them. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { operation, operationIds } from '../src/entrances/http/operations.ts';
import { Problem } from '../src/entrances/http/schemas/problem.ts';

type Schema = {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
};

const sdkTypesPath = fileURLToPath(new URL('../sdk/types.ts', import.meta.url));

export function sdkTypes(): string {
  const named = new Map<string, Schema>();
  collect(Problem as Schema, named);
  const queries = new Map<string, Schema>();
  for (const id of operationIds) {
    const { body, answer, query } = operation(id);
    if (body?.type === 'application/json') collect(body.schema as Schema, named);
    if (answer.schema) collect(answer.schema as Schema, named);
    if (query) queries.set(`${id[0]?.toUpperCase()}${id.slice(1)}Query`, query as Schema);
  }
  const types = [...named, ...queries].sort(([a], [b]) => (a < b ? -1 : 1));
  const head = '/** The API’s types. Made from its schemas by tools/generate-sdk-types.ts: change them there. */';
  const body = types.map(([name, schema]) => `${doc(schema, '')}export type ${name} = ${membersOf(schema, '')};`);
  return `${[head, ...body].join('\n\n')}\n`;
}

function collect(schema: Schema, named: Map<string, Schema>): void {
  if (schema.title !== undefined) named.set(schema.title, schema);
  const inside = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? []), schema.items];
  for (const each of inside) if (each) collect(each, named);
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return quote(schema.const);
  if (schema.enum) return schema.enum.map(quote).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(each, indent)).join(' | ');
  if (Array.isArray(schema.type)) {
    return schema.type.map((type: string) => typeOf({ ...schema, type }, indent)).join(' | ');
  }
  switch (schema.type) {
    case 'integer':
      return 'number';
    case 'array':
      return listOf(typeOf(schema.items ?? {}, indent), schema.items?.type === 'object');
    case 'object':
      return schema.properties ? membersOf(schema, indent) : `Readonly<Record<string, ${valuesOf(schema, indent)}>>`;
    default:
      return typeof schema.type === 'string' ? schema.type : 'unknown';
  }
}

function listOf(item: string, isObject: boolean): string {
  const isOne = /^[A-Za-z]+$/.test(item) || isObject;
  return isOne ? `readonly ${item}[]` : `readonly (${item})[]`;
}

function valuesOf({ additionalProperties }: Schema, indent: string): string {
  return typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown';
}

function membersOf(schema: Schema, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    return `${doc(member, inner)}${inner}readonly ${name}${optional}: ${typeOf(member, inner)};`;
  });
  return `{\n${members.join('\n')}\n${indent}}`;
}

function doc(schema: Schema, indent: string): string {
  return schema.description === undefined ? '' : `${indent}/** ${schema.description} */\n`;
}

function quote(value: unknown): string {
  return `'${String(value)}'`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(sdkTypesPath, sdkTypes());
