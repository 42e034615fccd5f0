import { InfiniteQueryObserver, QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { Page } from "../api/types";
import { changePages, keepChanges } from "./pages";

const KEY = ["list"];

test("what is changed while the next page is fetched is not undone by it", async () => {
  const client = new QueryClient();
  client.setQueryDefaults(KEY, { structuralSharing: keepChanges });
  let release: () => void = () => {};
  const observer = new InfiniteQueryObserver(client, {
    queryKey: KEY,
    queryFn: async ({ pageParam }): Promise<Page<string>> => {
      if (pageParam === null) return { items: ["a", "b"], next_cursor: "2" };
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { items: ["c"], next_cursor: null };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const stop = observer.subscribe(() => {});
  await observer.refetch();

  const next = observer.fetchNextPage();
  for (const [from, to] of [
    ["a", "A"],
    ["A", "A!"],
  ]) {
    client.setQueryData(
      KEY,
      (data: Parameters<typeof changePages<string>>[0] | undefined) =>
        data &&
        changePages(data, (page) => ({
          ...page,
          items: page.items.map((item) => (item === from ? (to as string) : item)),
        })),
    );
  }
  release();
  const { data } = await next;
  expect(data?.pages.map((page) => page.items)).toEqual([["A!", "b"], ["c"]]);
  stop();
});

test("a list that has not changed stays the same object, so that nothing is drawn for ever", () => {
  const data = { pages: [{ items: ["a"], next_cursor: null }], pageParams: [null] };
  expect(keepChanges(undefined, data)).toBe(data);
  expect(keepChanges(data, { ...data })).toBe(data);
  const changed = changePages(data, (page) => ({ ...page, items: ["A"] }));
  const kept = keepChanges(data, data);
  expect(kept).toEqual(changed);
  expect(keepChanges(kept, data)).toBe(kept);
});
