import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { NotificationPage } from "../api/types";
import { queryClient } from "./query";
import { useSession } from "./session";

const LIST = ["notifications"];
const HEAD = ["notifications-head"];
const LOOK_EVERY_MS = 30_000;

function fetchNotifications(
  cursor: string | null,
  limit: number,
  signal: AbortSignal,
): Promise<NotificationPage> {
  const query = { limit, ...(cursor && { cursor }) };
  return body(api.GET("/v1/notifications", { params: { query }, signal }));
}

export function useNotifications() {
  const signedIn = useSession((session) => session.state === "in");
  return useInfiniteQuery({
    queryKey: LIST,
    queryFn: ({ pageParam, signal }) => fetchNotifications(pageParam, 30, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: signedIn,
    staleTime: 0,
  });
}

/** How many notifications are unread, 100 at most; looks again every half minute while the page is in sight. */
export function useUnread(): number {
  const signedIn = useSession((session) => session.state === "in");
  const { data } = useQuery({
    queryKey: HEAD,
    queryFn: ({ signal }) => fetchNotifications(null, 1, signal),
    enabled: signedIn,
    refetchInterval: LOOK_EVERY_MS,
  });
  return data?.unread ?? 0;
}

export async function markAllRead(): Promise<void> {
  await api.POST("/v1/notifications/read", { body: {} });
  queryClient.setQueryData<NotificationPage>(HEAD, (page) => page && { ...page, unread: 0 });
}
