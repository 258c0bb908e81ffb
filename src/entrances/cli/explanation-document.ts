/** An explanation as the document of `posthorn explain --json`: the same facts, names in snake_case. Pure. */
import { authReportDocument } from '../../protocol/auth-report-json.ts';
import type { Explanation } from '../../services/advice/types.ts';

export function explanationDocument({ today, ...rest }: Explanation): object {
  return {
    ...(snakeCased(rest) as object),
    ...(today !== undefined && { today: { ...authReportDocument(today.report), differences: today.differences } }),
  };
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(member));
}

/** Times are told as in the API. */
function member([name, value]: [string, unknown]): [string, unknown] {
  if (name === 'atMs' && typeof value === 'number') return ['at', new Date(value).toISOString()];
  return [snake(name), snakeCased(value)];
}

/** Property names of Authentication-Results (`header.from`) hold no capitals and stay as they are. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
