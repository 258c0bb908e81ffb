/** The frame of every page: no scripts, nothing from elsewhere, one style sheet that the policy knows by its hash. */
import { createHash } from 'node:crypto';
import { type BytesAnswer, bytes } from '../answer.ts';
import { type Html, html, htmlText } from './html.ts';

const style = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6472; --paper: #fbfaf7; --card: #fff; --line: #dfdcd3; --accent: #9a3412; --good: #166534; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e5df; --soft: #a3a9b4; --paper: #16181d; --card: #1e2128; --line: #343943; --accent: #fb923c; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 50rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; padding-top: 1.25rem; padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
header strong { font-size: 1.15rem; letter-spacing: .01em; margin-right: auto; }
header strong a { color: inherit; text-decoration: none; }
footer { color: var(--soft); font-size: .85rem; padding-top: 1.5rem; padding-bottom: 2rem; }
a { color: var(--accent); }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.75rem 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .35rem; }
p { margin: .5rem 0; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .35rem 1rem .85rem; margin: 1rem 0; }
.card h2, .card h3 { margin-top: .75rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .good, .bad { font-weight: 600; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .86em; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem .9rem; overflow-x: auto; overflow-wrap: normal; }
dl { margin: .5rem 0; display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .3rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
.method { font-weight: 700; color: var(--accent); }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; color: var(--soft); white-space: nowrap; }
.address code { font-size: 1.15rem; }
.score { display: flex; align-items: baseline; gap: .6rem; margin: .5rem 0 0; }
.score strong { font-size: 4.2rem; line-height: 1; letter-spacing: -.03em; }
.score span { color: var(--soft); }
.score.high strong { color: var(--good); } .score.middle strong { color: var(--accent); } .score.low strong { color: var(--bad); }
.score + h1 { margin-top: .25rem; }
.top { margin-top: 1.75rem; }
.lost { font-weight: 700; color: var(--bad); white-space: nowrap; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); }
ol, ul { margin: .4rem 0; padding-left: 1.4rem; } li { margin: .2rem 0; }
button { font: inherit; font-weight: 600; color: #fff; background: #9a3412; border: 0; border-radius: .5rem; padding: .6rem 1.1rem; cursor: pointer; }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin: 0 0 .6rem; } h1 { font-size: 1.35rem; } }
`;

const styleHash = createHash('sha256').update(style).digest('base64');
const policyOf = (forms: "'none'" | "'self'") =>
  `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action ${forms}; frame-ancestors 'none'`;

export function htmlPage(page: {
  readonly title: string;
  readonly version: string;
  readonly content: Html;
  readonly status?: number;
  /** A form of it may be sent to this office. */
  readonly takesForm?: boolean;
  /** It is fetched again by itself after so long. */
  readonly lookAgainSeconds?: number;
}): BytesAnswer {
  // The style stands here as it was hashed: no indentation, no escape.
  const text = htmlText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${
  page.lookAgainSeconds === undefined
    ? ''
    : html`<meta http-equiv="refresh" content="${page.lookAgainSeconds}">
`
}<title>${page.title}</title>
<style>@style@</style>
</head>
<body>
<header><strong><a href="/">Posthorn</a></strong><a href="/test">Test a message</a><a href="/docs">API</a><a href="/problems">Problems</a><a href="/openapi.json">OpenAPI</a></header>
<main>
${page.content}
</main>
<footer>Posthorn ${page.version}</footer>
</body>
</html>
`);
  return bytes(
    page.status ?? 200,
    text.replace('@style@', () => style),
    {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policyOf(page.takesForm ? "'self'" : "'none'"),
    },
  );
}
