/**
 * Patterns of DNS names, on label boundaries: `sendgrid.net` is that name alone, `.sendgrid.net` that name and any below it, and `*`
 * any letters within one label (`hs1-*`, `.cmail*.com`). Of several that fit, the one that says most wins. Pure.
 */

const patternForm = /^\.?[a-z0-9_*-]+(?:\.[a-z0-9_*-]+)*$/;

/** No pattern: odd letters, or one that fits every name. */
export function isNamePattern(text: string): boolean {
  return patternForm.test(text) && /[a-z0-9_]/.test(text);
}

export function fitsPattern(name: string, pattern: string): boolean {
  if (pattern.includes('*')) return expressionOf(pattern).test(name);
  return pattern.startsWith('.') ? name === pattern.slice(1) || name.endsWith(pattern) : name === pattern;
}

type Entry<Value> = { readonly pattern: string; readonly value: Value };

/** Finds the pattern that says most about a name: a look-up per label, and a look at the few patterns with a star. */
export class NamePatterns<Value> {
  readonly #exact = new Map<string, Entry<Value>>();
  readonly #below = new Map<string, Entry<Value>>();
  readonly #starred: (Entry<Value> & { readonly fits: RegExp })[] = [];

  /** The first of two that are the same stays. */
  add(pattern: string, value: Value): void {
    if (pattern.includes('*')) this.#starred.push({ pattern, value, fits: expressionOf(pattern) });
    else if (pattern.startsWith('.')) setOnce(this.#below, pattern.slice(1), { pattern, value });
    else setOnce(this.#exact, pattern, { pattern, value });
  }

  find(name: string): Entry<Value> | undefined {
    let best = this.#exact.get(name) ?? this.#longestAbove(name);
    for (const entry of this.#starred)
      if ((best === undefined || weightOf(entry.pattern) > weightOf(best.pattern)) && entry.fits.test(name))
        best = entry;
    return best;
  }

  #longestAbove(name: string): Entry<Value> | undefined {
    for (let rest = name; rest !== ''; rest = rest.slice(rest.indexOf('.') + 1)) {
      const entry = this.#below.get(rest);
      if (entry || !rest.includes('.')) return entry;
    }
    return undefined;
  }
}

/** How much a pattern says: its letters without stars; one name says more than that name and all below it. */
export function weightOf(pattern: string): number {
  const letters = pattern.replaceAll('*', '').length;
  return pattern.startsWith('.') ? letters - 1 : letters + 1;
}

function setOnce<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (!map.has(key)) map.set(key, value);
}

function expressionOf(pattern: string): RegExp {
  const below = pattern.startsWith('.');
  const letters = (below ? pattern.slice(1) : pattern).replaceAll(/[.*]/g, (mark) => (mark === '.' ? '\\.' : '[^.]+'));
  return new RegExp(`^${below ? '(?:.+\\.)?' : ''}${letters}$`);
}
