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
 */
export function keepChanges(_: unknown, fetched: unknown): unknown {
  const data = fetched as Lists<unknown>;
  return { ...data, pages: data.pages.map(latest) };
}
