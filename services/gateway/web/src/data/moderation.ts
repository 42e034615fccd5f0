import { useInfiniteQuery } from "@tanstack/react-query";
import { api, body, idempotencyKey } from "../api/client";
import type { GivenVerdict, Page, QueueEntry } from "../api/types";
import { queryClient } from "./query";

export type Verdict = "allow" | "hold" | "block";
export type QueueState = QueueEntry["state"];

export function useModerationQueue(state: QueueState) {
  return useInfiniteQuery({
    queryKey: ["moderation", state],
    queryFn: ({ pageParam, signal }) =>
      body<Page<QueueEntry>>(
        api.GET("/v1/moderation/queue", {
          params: { query: { state, limit: 30, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
  });
}

/** A verdict; it overrides what stood before, and erases nothing. Gives the id to undo it by. */
export async function decide(entry: QueueEntry, verdict: Verdict, reason: string): Promise<string> {
  const { decision_id } = await body<GivenVerdict>(
    api.POST("/v1/moderation/decisions", {
      body: { target: { kind: entry.target_kind as "post", id: entry.target_id }, verdict, reason },
      headers: idempotencyKey(),
    }),
  );
  await queryClient.invalidateQueries({ queryKey: ["moderation"] });
  return decision_id;
}

/** What stood before the verdict stands again, and its case is where it was. */
export async function undoVerdict(decisionId: string): Promise<void> {
  await api.POST("/v1/moderation/decisions/{decision_id}/undo", {
    params: { path: { decision_id: decisionId } },
    headers: idempotencyKey(),
  });
  await queryClient.invalidateQueries({ queryKey: ["moderation"] });
}
