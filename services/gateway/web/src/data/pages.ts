import type { InfiniteData } from "@tanstack/react-query";
import type { Page } from "../api/types";

type Lists<Item> = InfiniteData<Page<Item>>;

/** What became of a page that was changed here. */
const successors = new WeakMap<object, object>();

function latest<T extends object>(page: T): T {
  let now: object = page;
  for (let next = successors.get(now); next; next = successors.get(now)) now = next;
  return now as T;
}

/** Change pages of a list in the cache. Use it for lists whose queries have `keepChanges`. */
export function changePages<Item>(
  data: Lists<Item>,
  change: (page: Page<Item>, index: number) => Page<Item>,
): Lists<Item> {
  const pages = data.pages.map((page, index) => {
    const next = change(page, index);
    if (next !== page) successors.set(page, next);
    return next;
  });
  return { ...data, pages };
}

/**
 * For a query's `structuralSharing`: while the next page is fetched, the library holds on to the pages as they were, and
 * puts them back with the new one. What was changed here meanwhile, a like for instance, must not be undone by that.
 * The same list stays the same object: while an answer is waited for, the library asks again with every drawing.
 */
export function keepChanges(before: unknown, fetched: unknown): unknown {
  const data = fetched as Lists<unknown>;
  const pages = data.pages.map(latest);
  const known = before as Lists<unknown> | undefined;
  if (known && isSame(known.pages, pages) && isSame(known.pageParams, data.pageParams)) return known;
  return isSame(data.pages, pages) ? data : { ...data, pages };
}

function isSame(one: unknown[], other: unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
