/** HTML that is escaped unless it was made here: texts go in, and only `html` makes markup of them. */
const markup = Symbol('markup');

export type Html = { readonly [markup]: string };
type Part = string | number | Html | readonly (string | number | Html)[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { [markup]: strings.map((text, index) => text + write(parts[index])).join('') };
}

export function htmlText(page: Html): string {
  return page[markup];
}

function write(part: Part | undefined): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return markup in part ? part[markup] : part.map(write).join('');
}

/** Quotation marks too: parts may stand in attributes, which are always quoted. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
