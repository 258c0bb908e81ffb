/** Pages of lists: one entry more than asked for is read, and tells whether there is a next page. Pure. */

export const pageSizeDefault = 20;

/** @param read one more than `limit`, where there are so many */
export function page<Item, Shown>(
  read: readonly Item[],
  limit: number,
  show: (item: Item) => Shown,
  cursorOf: (item: Item) => string,
): { readonly data: readonly Shown[]; readonly next_cursor: string | null } {
  const items = read.slice(0, limit);
  const last = items.at(-1);
  const hasMore = read.length > limit && last !== undefined;
  return { data: items.map(show), next_cursor: hasMore ? cursorOf(last) : null };
}

/** A list that is short by nature. */
export function onePage<Shown>(data: readonly Shown[]): {
  readonly data: readonly Shown[];
  readonly next_cursor: null;
} {
  return { data, next_cursor: null };
}
