/** `/`: says what runs here, whether it can work, and how to begin. Shown to everybody, so it names nobody and nothing of the office. */
import type { Answer } from '../answer.ts';
import type { HealthCheck, HttpOptions, OfficeHealth } from '../ports.ts';
import { html } from './html.ts';
import { htmlPage } from './layout.ts';

/** @param url where the reader found this page, or where the office says it is */
export function homePage({ version }: HttpOptions, url: string, health: OfficeHealth): Answer {
  const content = html`
<h1>A Posthorn office runs here</h1>
<p>The post office for a domain: it sends, receives, and tells what happened.</p>
<section class="card">
<h2>How it is</h2>
<p>${health.every((check) => check.ok) ? html`<span class="good">Ready.</span>` : html`<span class="bad">Not ready.</span>`}</p>
<dl>${health.map(showCheck)}</dl>
<p class="soft">For machines: <a href="/livez">/livez</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a>.</p>
</section>
<section class="card">
<h2>Send a message</h2>
<p>With an API key, made by <code>posthorn keys create --scope send</code>:</p>
<pre>curl '${url}/v1/emails?wait=settled' \\
  -H 'Authorization: Bearer ph_live_...' \\
  --json '{
    "from": "you@your-domain.example",
    "to": "friend@example.net",
    "subject": "Hello",
    "text": "It works."
  }'</pre>
<p>The answer tells where each recipient stands, in the receiver’s own words when it refused.</p>
<p>All of it: <a href="/docs">the API</a>, <a href="/problems">what can go wrong</a>, <a href="/openapi.json">OpenAPI</a>.</p>
</section>`;
  return htmlPage({ title: 'Posthorn', version, content });
}

function showCheck({ name, ok, say }: HealthCheck) {
  return html`<dt>${name}</dt><dd>${ok ? '' : html`<span class="bad">Problem:</span> `}${say}</dd>`;
}
