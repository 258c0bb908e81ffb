/** Reading the JSON of others: a field of the kind that is expected, or undefined. */

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

export function textOf(value: unknown, name: string): string | undefined {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : undefined;
}

export function numberOf(value: unknown, name: string): number | undefined {
  const field = fieldOf(value, name);
  return typeof field === 'number' && Number.isFinite(field) ? field : undefined;
}

export function listOf(value: unknown, name: string): readonly unknown[] | undefined {
  const field = fieldOf(value, name);
  return Array.isArray(field) ? field : undefined;
}

export function textsOf(value: unknown, name: string): readonly string[] | undefined {
  const list = listOf(value, name);
  return list?.every((item) => typeof item === 'string') ? (list as readonly string[]) : undefined;
}

/** Every item read, or nothing at all: a zone that is read in part would be changed in error. */
export function everyOf<T>(
  list: readonly unknown[] | undefined,
  read: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  const items = list?.map(read);
  return items?.every((item) => item !== undefined) ? (items as readonly T[]) : undefined;
}
