import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Page, SearchHit } from "../api/types";
import { POST_LISTS } from "./posts";

export interface SearchFilters {
  q: string;
  from?: string;
  aspect?: string;
  model?: string;
  after?: string;
  before?: string;
  sort?: "relevance" | "new" | "top";
}

/** Leave out what is not set: an empty parameter is not the same as none. */
function given(filters: SearchFilters): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => Boolean(value)));
}

export function useSearch(filters: SearchFilters) {
  return useInfiniteQuery({
    queryKey: [POST_LISTS, "search", filters],
    queryFn: ({ pageParam, signal }) =>
      body<Page<SearchHit>>(
        api.GET("/v1/search", {
          params: {
            query: { ...given(filters), q: filters.q, limit: 30, ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    enabled: filters.q.trim() !== "" || Boolean(filters.from),
  });
}
