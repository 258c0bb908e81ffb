/** `/problems` and a page for each: where the `type` of a problem leads. Made from the table of problems. */
import type { Answer } from '../answer.ts';
import { type ProblemCode, problems } from '../problems.ts';
import { html } from './html.ts';
import { htmlPage } from './layout.ts';

export function problemsPage(version: string): Answer {
  const codes = (Object.keys(problems) as ProblemCode[]).sort((a, b) => problems[a].status - problems[b].status);
  const content = html`
<h1>What can go wrong</h1>
<p>Every no of the API is a problem (RFC 9457) with a <code>code</code>. Its <code>type</code> leads to the page here.</p>
<dl>${codes.map(
    (code) =>
      html`<dt>${problems[code].status} <a href="/problems/${code}"><code>${code}</code></a></dt><dd>${problems[code].title}</dd>`,
  )}</dl>`;
  return htmlPage({ title: 'Problems - Posthorn', version, content });
}

export function problemPage(version: string, code: ProblemCode): Answer {
  const { status, title, meaning, fix } = problems[code];
  const content = html`
<p class="soft"><a href="/problems">Problems</a> / <code>${code}</code></p>
<h1>${title}</h1>
<dl><dt>Status</dt><dd>${status}</dd><dt>Code</dt><dd><code>${code}</code></dd></dl>
<section class="card"><h2>What it means</h2><p>${meaning}</p></section>
<section class="card"><h2>What to do</h2><p>${fix}</p></section>`;
  return htmlPage({ title: `${title} - Posthorn`, version, content });
}
