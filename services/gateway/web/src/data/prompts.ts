import { useInfiniteQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Page, PromptEntry } from "../api/types";
import { queryClient } from "./query";

export function fetchPrompts(q: string, cursor: string | null): Promise<Page<PromptEntry>> {
  return body<Page<PromptEntry>>(
    api.GET("/v1/me/prompts", {
      params: { query: { limit: 50, ...(q && { q }), ...(cursor && { cursor }) } },
    }),
  );
}

export function usePrompts(q: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["prompts", q],
    queryFn: ({ pageParam }) => fetchPrompts(q, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
  });
}

export async function forgetPrompt(id: string): Promise<void> {
  await api.DELETE("/v1/me/prompts/{prompt_id}", { params: { path: { prompt_id: id } } });
  await queryClient.invalidateQueries({ queryKey: ["prompts"] });
}
