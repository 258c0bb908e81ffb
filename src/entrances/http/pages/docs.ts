/** `/docs`: the API for people, written from the OpenAPI document and nothing else. */
import type { Answer } from '../answer.ts';
import type { HttpOptions } from '../ports.ts';
import { type Html, html } from './html.ts';
import { htmlPage } from './layout.ts';

/** The parts of the document that this page reads; `openapi.ts` writes them. */
type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly 'x-rule'?: string;
};
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
type Described = {
  readonly operationId?: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly 'x-scopes'?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

type Entry = Described & { readonly path: string; readonly method: string };

export function docsPage(options: Pick<HttpOptions, 'version'>, document: Document): Answer {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, entry]): Entry => ({ ...entry, path, method: method.toUpperCase() })),
  );
  const groups = Map.groupBy(entries, (entry) => entry.tags[0] ?? '');
  const content = html`
<h1>The API</h1>
<p>JSON over HTTP. Requests carry <code>Authorization: Bearer ph_live_...</code>; a <code>ph_test_</code> key sends nowhere.
Every POST may carry an <code>Idempotency-Key</code>. Lists have <code>data</code> and <code>next_cursor</code>.
A no is a <a href="/problems">problem</a> that says what to do. The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
<p>${[...groups.keys()].map((group) => html`<a href="#${group}">${group}</a> `)} <a href="#schemas">Schemas</a></p>
${[...groups].map(([group, some]) => html`<h2 id="${group}">${group}</h2>${some.map(showEntry)}`)}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(
  ([name, schema]) =>
    html`<section class="card" id="schema-${name}"><h3>${name}</h3><p>${schema.description ?? ''}</p>${showMembers(schema)}</section>`,
)}`;
  return htmlPage({ title: 'API - Posthorn', version: options.version, content });
}

function showEntry(entry: Entry): Html {
  const scopes = entry['x-scopes'];
  return html`<section class="card" id="${entry.operationId ?? entry.path}">
<h3><span class="method">${entry.method}</span> <code>${entry.path}</code></h3>
<p><strong>${entry.summary}.</strong> ${entry.description ?? ''}</p>
<p>${scopes ? html`<span class="tag">scope: ${scopes.join(' or ')}</span>` : html`<span class="tag">no key needed</span>`}</p>
${entry.parameters?.length ? html`<dl>${entry.parameters.map(showParameter)}</dl>` : ''}
${entry.requestBody ? html`<p>Body: ${showContent(entry.requestBody.content)}</p>` : ''}
<dl>${Object.entries(entry.responses).map(([status, response]) => showResponse(status, response))}</dl>
</section>`;
}

function showParameter(parameter: NonNullable<Described['parameters']>[number]): Html {
  return html`<dt><code>${parameter.name}</code> <span class="soft">${parameter.in}</span></dt><dd>${parameter.description ?? ''} ${showRules(parameter.schema)}</dd>`;
}

function showResponse(status: string, response: Described['responses'][string]): Html {
  if (!response.content?.['application/problem+json']) {
    return html`<dt>${status}</dt><dd>${response.description} ${response.content ? showContent(response.content) : ''}</dd>`;
  }
  const codes = response.description.split(', ');
  return html`<dt>${status}</dt><dd>${codes.map((code) => html`<a href="/problems/${code}"><code>${code}</code></a> `)}</dd>`;
}

function showContent(content: Content): Html {
  return html`${Object.entries(content).map(([type, { schema }]) => html`<code>${type}</code> ${showType(schema)}`)}`;
}

function showMembers(schema: Schema): Html {
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) return html``;
  return html`<dl>${members.map(
    ([name, member]) =>
      html`<dt><code>${name}</code>${schema.required?.includes(name) ? '' : html` <span class="soft">optional</span>`}</dt><dd>${showType(member)} ${member.description ?? ''} ${showRules(member)}</dd>`,
  )}</dl>`;
}

function showType(schema: Schema): Html {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return html`<a href="#schema-${name}">${name}</a>`;
  if (schema.items && schema.type === 'array') return html`<span class="soft">list of</span> ${showType(schema.items)}`;
  if (schema.properties) return showMembers(schema);
  const types = schema.anyOf?.flatMap((each) => each.type ?? '') ?? [schema.type ?? []].flat();
  return html`<span class="soft">${types.join(' or ')}</span>`;
}

function showRules(schema: Schema): Html {
  const rules = [
    ...(schema.enum ? [`One of: ${schema.enum.join(', ')}.`] : []),
    ...(schema['x-rule'] === undefined ? [] : [`Must be ${schema['x-rule']}.`]),
    ...(schema.default === undefined ? [] : [`Default: ${String(schema.default)}.`]),
    ...(schema.examples?.length ? [`Example: ${showExample(schema.examples[0])}`] : []),
  ];
  return html`<span class="soft">${rules.join(' ')}</span>`;
}

function showExample(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example);
}
