/**
 * Policy announcements of which a name must hold exactly one among other texts: MTA-STS (RFC 8461 §3.1) and TLS-RPT
 * (RFC 8460 §3). Both share their shape: `v=...;` first, then fields behind semicolons.
 */

export type AnnouncedText =
  | { readonly kind: 'one'; readonly text: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' };

/** @param version with its semicolon: whatever does not begin so exactly is somebody else's text */
export function oneRecord(texts: readonly string[], version: string): AnnouncedText {
  const own = texts.filter((text) => text.startsWith(version)); // RFC 8461 §3.1
  const [text] = own;
  if (text === undefined) return { kind: 'none' };
  return own.length > 1 ? { kind: 'several' } : { kind: 'one', text };
}

export type AnnouncedField = { readonly name: string; readonly value: string };

/** The fields behind the version, or undefined where one has no name or no `=`. One final semicolon is fine. */
export function announcedFields(text: string, version: string): readonly AnnouncedField[] | undefined {
  const parts = text.slice(version.length).split(';');
  if (parts.at(-1)?.trim() === '') parts.pop();
  const fields: AnnouncedField[] = [];
  for (const part of parts) {
    const [, name, value] = /^[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})([ \t]*=.*)$/.exec(withoutFinalBlanks(part)) ?? [];
    if (name === undefined || value === undefined) return undefined;
    fields.push({ name, value });
  }
  return fields;
}

/** Not a regular expression: many blanks would cost it the square of their number. */
function withoutFinalBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(0, end);
}
