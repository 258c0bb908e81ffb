/**
 * `/test/TOKEN`: what a message scored, for somebody who has never heard of DNS. The address while it waits; then the number, what to
 * do for each lost point, what the large receivers say, what readers see. Words of strangers are escaped like all text.
 */
import { laterSteps, type MessageTest, type ScoreDocument } from '../../../services/advice/advice.ts';
import type { Fix } from '../../../services/advice/types.ts';
import type { Answer } from '../answer.ts';
import { type Html, html } from './html.ts';
import { htmlPage } from './layout.ts';

/** The page looks again by itself: there are no scripts here. */
const lookAgainSeconds = 4;

type Page = { readonly version: string };

function waitingPage({ address }: MessageTest, { version }: Page): Answer {
  const content = html`
<h1>Send your message to this address</h1>
<p class="address"><a href="mailto:${address}"><code>${address}</code></a></p>
<p>Send it the way your readers get it: from the same program, service or newsletter tool, with the same sender. Then come back here:
this page looks again every few seconds.</p>
<p class="soft">The message itself is not kept, only what it scored, for a week. Whoever has the address of this page can see it.</p>`;
  return htmlPage({ title: 'Test a message', version, content, lookAgainSeconds });
}

export function resultPage(test: MessageTest, { version }: Page): Answer {
  const { arrival, arrivedAtMs, address } = test;
  if (arrival === undefined) return waitingPage(test, { version });
  const { result, subject } = arrival;
  const sentAt = arrivedAtMs === undefined ? '' : new Date(arrivedAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const content = html`
<p class="soft top">“${subject === '' ? 'without a subject' : subject}”, ${sentAt} UTC</p>
<div class="score ${toneOf(result.score)}"><strong>${result.score.toFixed(1)}</strong><span>out of 10</span></div>
<h1>${capital(result.band.say)}</h1>
${result.deductions.length === 0 ? html`<p>Nothing is wrong with this message and the way it was sent.</p>` : toDo(result)}
${later(result)}
${receivers(result)}
${reader(result)}
${advice(result)}
${fine(result)}
<p class="soft">Sent another version? Send it to <code>${address}</code> again and reload this page: the latest message counts.</p>`;
  return htmlPage({ title: `${result.score.toFixed(1)} out of 10`, version, content });
}

/** @param isOpen whether anybody may get an address here */
export function testStartPage({ version }: Page, isOpen: boolean, problem?: string): Answer {
  const content = html`
<h1>How good is your mail?</h1>
<p>Send a message to an address made for you, and see what it scores from 0 to 10, what Gmail, Yahoo and Microsoft think of it, and what
to do for each lost point.</p>
${problem === undefined ? '' : html`<p class="bad">${problem}</p>`}
${
  isOpen
    ? html`<form method="post" action="/test"><button>Give me an address</button></form>`
    : html`<p>In this office an address is made with a command or the API:</p>
<pre>posthorn test-address</pre>`
}`;
  return htmlPage({ title: 'Test a message', version, content, takesForm: isOpen });
}

export function noTestPage({ version }: Page): Answer {
  const content = html`
<h1>There is no such test</h1>
<p>The address may be mistyped, or the test is over: each is kept for a week.</p>
<p><a href="/test">Begin another one</a></p>`;
  return htmlPage({ title: 'No such test', version, content, status: 404 });
}

function toneOf(score: number): string {
  return score >= 8 ? 'high' : score >= 5 ? 'middle' : 'low';
}

/** One entry for each fix: several points may come back with the same one. */
function toDo({ deductions }: ScoreDocument): Html {
  const groups = Map.groupBy(deductions, ({ fix }) => JSON.stringify(fix));
  return html`<h2>What to do</h2>
${[...groups.values()].map(
  (group) => html`<section class="card">
${group.map(({ points, say, check }) => html`<p><span class="lost">−${points.toFixed(1)}</span> ${say} <span class="tag">${check}</span></p>`)}
${group[0] === undefined ? '' : howTo(group[0].fix)}
</section>`,
)}`;
}

/** What nothing shows as long as the faults above are there: so that nobody is surprised. */
function later(result: ScoreDocument): Html | string {
  const { steps, points } = laterSteps(result);
  if (points === 0) return '';
  return html`<h2>After that</h2>
<p>${points.toFixed(1)} more points are open then, which nothing shows now:</p>
${steps.map(
  ({ say, check, fix, from, to }) => html`<section class="card">
<p><span class="lost">−${(to - from).toFixed(1)}</span> ${say} <span class="tag">${check}</span></p>
${howTo(fix)}
</section>`,
)}`;
}

function howTo({ steps = [], delete: gone, set }: Fix): Html {
  const record = (verb: string, { name, type, value }: Fix['set'][number]) =>
    html`<dt>${verb}</dt><dd><code>${name}</code> ${type} <code>${value}</code></dd>`;
  return html`<details${steps.length + set.length > 3 ? '' : html` open`}><summary>How to mend it</summary>
${steps.length < 2 ? steps.map((step) => html`<p>${step}</p>`) : html`<ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>`}
${gone.length + set.length === 0 ? '' : html`<p class="soft">In the DNS of the domain (whoever looks after it knows where):</p>`}
<dl>${gone.map((one) => record('Delete', one))}${set.map((one) => record('Set', one))}</dl>
</details>`;
}

const marks = { met: '✓', 'not-met': '✗', unknown: '?' } as const;
const tones = { met: 'good', 'not-met': 'bad', unknown: 'soft' } as const;

function receivers(result: ScoreDocument): Html {
  return html`<h2>What the large mailboxes say</h2>
<dl>${result.receivers.map(
    ({ receiver, verdict, say }) =>
      html`<dt>${receiver}</dt><dd><span class="${tones[verdict]}">${marks[verdict]}</span> ${capital(say)}</dd>`,
  )}</dl>`;
}

function reader(result: ScoreDocument): Html | string {
  const shown = result.reader.filter(({ mark }) => mark !== 'none');
  if (shown.length === 0) return '';
  return html`<h2>What your readers see</h2><ul>${shown.map(({ say }) => html`<li>${capital(say)}</li>`)}</ul>`;
}

/** Faults that cost nothing, without those that stand above. */
function advice({ findings, deductions }: ScoreDocument): Html | string {
  const charged = new Set(deductions.map(({ check }) => check));
  const rest = findings.filter(({ id, status }) => status === 'fail' && !charged.has(id) && id !== 'ALN-07');
  if (rest.length === 0) return '';
  return html`<h2>Worth mending, though it costs no points</h2>
<ul>${rest.map(({ meaning, fix }) => html`<li>${meaning}${fix?.steps?.[0] === undefined ? '' : html` <span class="soft">${fix.steps[0]}</span>`}</li>`)}</ul>`;
}

function fine({ quiet, findings }: ScoreDocument): Html {
  const good = [
    ...quiet.filter(({ state }) => state === 'fine').map(({ say }) => say),
    ...findings.filter(({ status }) => status === 'pass').map(({ meaning }) => meaning),
  ];
  const unknown = [
    ...quiet.filter(({ state }) => state === 'unknown').map(({ say }) => say),
    ...findings.filter(({ status }) => status === 'unknown').map(({ meaning }) => meaning),
  ];
  const list = (title: string, says: readonly string[]) =>
    says.length === 0
      ? ''
      : html`<details><summary>${title} (${says.length})</summary><ul>${says.map((say) => html`<li>${capital(say)}</li>`)}</ul></details>`;
  return html`${list('What is fine', good)}${list('What could not be found out, and does not count', unknown)}`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
