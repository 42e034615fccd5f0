import { useInfiniteQuery } from "@tanstack/react-query";
import { api, body, idempotencyKey } from "../api/client";
import { Problem } from "../api/problem";
import type { OwnDecision, Page } from "../api/types";
import { useSession } from "./session";

/** Ask for a review. Asked for before, as in another window, it is under way all the same. */
export async function appeal(decisionId: string, words: string): Promise<void> {
  try {
    await api.POST("/v1/decisions/{id}/appeal", {
      params: { path: { id: decisionId } },
      body: { text: words },
      headers: idempotencyKey(),
    });
  } catch (error) {
    if (!(error instanceof Problem && error.code === "already_appealed")) throw error;
  }
}

export interface ReportTarget {
  kind: "post" | "comment" | "user";
  id: string;
}

export async function report(target: ReportTarget, reason: string, words: string): Promise<void> {
  await api.POST("/v1/reports", {
    body: { target, reason, ...(words && { text: words }) },
    headers: idempotencyKey(),
  });
}

export function useDecisions() {
  const signedIn = useSession((session) => session.state === "in");
  return useInfiniteQuery({
    queryKey: ["decisions"],
    queryFn: ({ pageParam, signal }) =>
      body<Page<OwnDecision>>(
        api.GET("/v1/me/decisions", {
          params: { query: { limit: 20, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: signedIn,
  });
}
