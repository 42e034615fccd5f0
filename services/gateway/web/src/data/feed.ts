import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { FeedEntry, FeedMode, Page } from "../api/types";
import { decodeAhead } from "../ui/thumbhash";
import { POST_LISTS } from "./posts";
import { queryClient } from "./query";
import { useSession } from "./session";

const PAGE = 24;
const LOOK_FOR_NEW_MS = 45_000;

async function fetchFeed(
  mode: FeedMode,
  cursor: string | null,
  limit: number,
  signal: AbortSignal,
): Promise<Page<FeedEntry>> {
  const query = { mode, limit, ...(cursor && { cursor }) };
  const page = await body<Page<FeedEntry>>(api.GET("/v1/feed", { params: { query }, signal }));
  decodeAhead(page.items.map(({ post }) => post.images[0]?.thumbhash));
  return page;
}

const feedKey = (mode: FeedMode) => [POST_LISTS, "feed", mode];

/** A feed never changes by itself under the reader: it is fetched once and grows only at its end. */
export function useFeed(mode: FeedMode) {
  const known = useSession((session) => session.state !== "unknown");
  return useInfiniteQuery({
    queryKey: feedKey(mode),
    queryFn: ({ pageParam, signal }) => fetchFeed(mode, pageParam, PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: known,
  });
}

/** How many posts have come to the head of a chronological feed since it was loaded. */
export function useNewCount(mode: FeedMode): number {
  const signedIn = useSession((session) => session.state === "in");
  const { data } = useQuery({
    queryKey: ["feed-head", mode],
    queryFn: ({ signal }) => fetchFeed(mode, null, PAGE, signal),
    // For-you has no head: every look at it is a new ranking.
    enabled: mode === "explore" || (mode === "following" && signedIn),
    refetchInterval: LOOK_FOR_NEW_MS,
    initialData: { items: [], next_cursor: null } as Page<FeedEntry>,
    initialDataUpdatedAt: () => Date.now(),
    staleTime: LOOK_FOR_NEW_MS,
  });
  const loaded = queryClient.getQueryData<InfiniteData<Page<FeedEntry>>>(feedKey(mode));
  if (!loaded) return 0;
  const seen = new Set(loaded.pages.flatMap((page) => page.items.map((entry) => entry.post.id)));
  const newest = loaded.pages[0]?.items.reduce(
    (latest, { post }) => (post.created_at > latest ? post.created_at : latest),
    "",
  );
  return data.items.filter(({ post }) => !seen.has(post.id) && post.created_at > (newest ?? "")).length;
}

/** Load the feed anew from its head. */
export async function refreshFeed(mode: FeedMode): Promise<void> {
  queryClient.removeQueries({ queryKey: ["feed-head", mode] });
  await queryClient.resetQueries({ queryKey: feedKey(mode) });
}
