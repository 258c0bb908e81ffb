/**
 * Patterns of DNS names, on label boundaries: `sendgrid.net` is that name alone, `.sendgrid.net` that name and any below it, and `*`
 * any letters within one label (`hs1-*`, `k*.mcsv.net`). Of several that fit, the one that says most wins. Pure.
 */

export type NamePattern = { readonly text: string; readonly fits: RegExp; readonly length: number };

const patternForm = /^\.?[a-z0-9_*-]+(?:\.[a-z0-9_*-]+)*$/;

/** Undefined for what is no pattern, and for one that would fit nearly everything. */
export function namePattern(text: string): NamePattern | undefined {
  if (!patternForm.test(text) || !/[a-z0-9_]/.test(text)) return undefined;
  const below = text.startsWith('.');
  const letters = (below ? text.slice(1) : text).replaceAll(/[.*]/g, (mark) => (mark === '.' ? '\\.' : '[^.]+'));
  return {
    text,
    fits: new RegExp(`^${below ? '(?:.+\\.)?' : ''}${letters}$`),
    length: text.replaceAll('*', '').length,
  };
}

/** The pattern that says most about the name; of two that say as much, the first. */
export function longestFit<Pattern extends NamePattern>(
  patterns: readonly Pattern[],
  name: string,
): Pattern | undefined {
  let best: Pattern | undefined;
  for (const pattern of patterns)
    if ((best === undefined || pattern.length > best.length) && pattern.fits.test(name)) best = pattern;
  return best;
}
