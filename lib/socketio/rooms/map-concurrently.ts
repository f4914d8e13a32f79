const MAX_AT_ONCE = 16;

/** Results in the order of the items, of which 16 are under way at once. */
export async function mapConcurrently<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await map(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, items.length) }, work));
  return results;
}
