/**
 * Text of strangers made fit for a trace, a log line or an error sentence: one line of printable ASCII, longer than asked by three dots at most.
 * For people only: what is compared, stored or sent is the text itself.
 */
export function printable(text: string, most = 200): string {
  if (text.length <= most && isPrintable(text)) return text;
  const shown = text.length > most ? text.slice(0, most) : text;
  const escaped = shown.replace(/[^\x20-\x5b\x5d-\x7e]/g, escapeUnit);
  return text.length > most || escaped.length > most ? `${escaped.slice(0, most)}...` : escaped; // one unit becomes up to six
}

/** Whether it may be shown as it is. The backslash may not, because escapes begin with it. */
export function isPrintable(text: string): boolean {
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(text);
}

function escapeUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
