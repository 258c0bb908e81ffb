/** A piece of work for each of many items, some at a time: a silent server holds up few, and none gets hundreds of questions at once. */

/**
 * Answers in the order of the items. When one work throws, no further one is begun, those under way are waited for, and then it throws
 * what was thrown first: nothing goes on behind the back of whoever asked. What is to hold up none of the others must not throw.
 */
export async function eachAtOnce<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const faults: unknown[] = [];
  const left = items.entries(); // one iterator for all workers: each item is taken once
  const worker = async () => {
    for (const [at, item] of left) {
      if (faults.length > 0) return;
      try {
        results[at] = await work(item);
      } catch (error) {
        faults.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (faults.length > 0) throw faults[0];
  return results;
}
