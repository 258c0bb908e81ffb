/** A clause becomes a sentence; a name at its start stays as it is. */
export function asSentence(clause: string): string {
  const isWord = /^[a-z]+(?:[ ,:;]|$)/.test(clause);
  const start = isWord ? `${clause.charAt(0).toUpperCase()}${clause.slice(1)}` : clause;
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
