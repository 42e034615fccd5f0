import { type InfiniteData, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body, idempotencyKey } from "../api/client";
import type { FeedEntry, Page, Post, PostChanges, PostDraft, SearchHit } from "../api/types";
import { changePages, keepChanges } from "./pages";
import { queryClient } from "./query";

type Listed = Post | FeedEntry | SearchHit;

/** Every list of posts has a key that starts with this, so that one change reaches all of them. */
export const POST_LISTS = "posts";
queryClient.setQueryDefaults([POST_LISTS], { structuralSharing: keepChanges });

export function postOf(item: Listed): Post {
  return "post" in item ? item.post : item;
}

function mapListed(item: Listed, id: string, change: (post: Post) => Post): Listed {
  const post = postOf(item);
  if (post.id !== id) return item;
  return "post" in item ? { ...item, post: change(post) } : change(post);
}

/** Change one post everywhere it is shown. */
export function patchPost(id: string, change: (post: Post) => Post): void {
  const page = ["post", id];
  // A page that has just been opened may still show what the list knew.
  const known = queryClient.getQueryState(page) && (queryClient.getQueryData<Post>(page) ?? listedPost(id));
  if (known) queryClient.setQueryData<Post>(page, change(known));
  queryClient.setQueriesData<InfiniteData<Page<Listed>>>(
    { queryKey: [POST_LISTS] },
    (data) =>
      data &&
      changePages(data, (page) =>
        page.items.some((item) => postOf(item).id === id)
          ? { ...page, items: page.items.map((item) => mapListed(item, id, change)) }
          : page,
      ),
  );
}

/** Take a post out of every list. */
export function dropPost(id: string): void {
  queryClient.removeQueries({ queryKey: ["post", id] });
  queryClient.setQueriesData<InfiniteData<Page<Listed>>>(
    { queryKey: [POST_LISTS] },
    (data) =>
      data &&
      changePages(data, (page) =>
        page.items.some((item) => postOf(item).id === id)
          ? { ...page, items: page.items.filter((item) => postOf(item).id !== id) }
          : page,
      ),
  );
}

export function usePost(id: string, enabled = true) {
  return useQuery<Post>({
    queryKey: ["post", id],
    enabled,
    // A card that was just looked at opens at once, and is brought up to date behind the scenes.
    placeholderData: () => listedPost(id),
    queryFn: ({ signal }) =>
      body<Post>(api.GET("/v1/posts/{post_id}", { params: { path: { post_id: id } }, signal })),
  });
}

function listedPost(id: string): Post | undefined {
  for (const [, data] of queryClient.getQueriesData<InfiniteData<Page<Listed>>>({ queryKey: [POST_LISTS] })) {
    for (const page of data?.pages ?? []) {
      const item = page.items.find((listed) => postOf(listed).id === id);
      if (item) return postOf(item);
    }
  }
  return undefined;
}

const REACTIONS = {
  like: { flag: "liked", count: "likes" },
  bookmark: { flag: "bookmarked", count: "bookmarks" },
} as const;

export type Reaction = keyof typeof REACTIONS;

function withReaction(post: Post, kind: Reaction, on: boolean): Post {
  const { flag, count } = REACTIONS[kind];
  if (post.viewer[flag] === on) return post;
  return {
    ...post,
    viewer: { ...post.viewer, [flag]: on },
    counts: { ...post.counts, [count]: Math.max(0, post.counts[count] + (on ? 1 : -1)) },
  };
}

/** Like or bookmark: shown at once, taken back when the server refuses. */
export async function react(post: Post, kind: Reaction, on: boolean): Promise<void> {
  // An answer that is on its way does not know of it yet.
  const page = { queryKey: ["post", post.id] };
  await queryClient.cancelQueries(page);
  patchPost(post.id, (current) => withReaction(current, kind, on));
  const params = { params: { path: { post_id: post.id } } };
  try {
    if (kind === "like") {
      await (on
        ? api.PUT("/v1/posts/{post_id}/like", params)
        : api.DELETE("/v1/posts/{post_id}/like", params));
    } else {
      await (on
        ? api.PUT("/v1/posts/{post_id}/bookmark", params)
        : api.DELETE("/v1/posts/{post_id}/bookmark", params));
    }
    void queryClient.invalidateQueries({ queryKey: [POST_LISTS, kind === "like" ? "likes" : "bookmarks"] });
  } catch (error) {
    patchPost(post.id, (current) => withReaction(current, kind, !on));
    throw error;
  } finally {
    void queryClient.invalidateQueries(page);
  }
}

/** Posts of one person, what one liked, what one bookmarked, remixes of or pictures similar to a post. */
export type PostListSource =
  | { kind: "author"; username: string }
  | { kind: "likes" }
  | { kind: "bookmarks" }
  | { kind: "similar"; id: string }
  | { kind: "remixes"; id: string };

function fetchList(source: PostListSource, cursor: string | null, signal: AbortSignal): Promise<Page<Post>> {
  const query = { limit: 24, ...(cursor && { cursor }) };
  switch (source.kind) {
    case "author":
      return body(
        api.GET("/v1/users/{username}/posts", {
          params: { path: { username: source.username }, query },
          signal,
        }),
      );
    case "likes":
      return body(api.GET("/v1/me/likes", { params: { query }, signal }));
    case "bookmarks":
      return body(api.GET("/v1/me/bookmarks", { params: { query }, signal }));
    case "similar":
      return body(
        api.GET("/v1/posts/{post_id}/similar", { params: { path: { post_id: source.id }, query }, signal }),
      );
    case "remixes":
      return body(
        api.GET("/v1/posts/{post_id}/remixes", { params: { path: { post_id: source.id }, query }, signal }),
      );
  }
}

export function usePostList(source: PostListSource, enabled = true) {
  return useInfiniteQuery({
    queryKey: [POST_LISTS, source.kind, ...Object.values(source).slice(1)],
    queryFn: ({ pageParam, signal }) => fetchList(source, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
  });
}

export function usePublish() {
  return useMutation({
    mutationFn: ({ draft, key }: { draft: PostDraft; key: { "Idempotency-Key": string } }) =>
      body<Post>(api.POST("/v1/posts", { body: draft, headers: key })),
    onSuccess: (post) => {
      queryClient.setQueryData(["post", post.id], post);
      void queryClient.invalidateQueries({ queryKey: [POST_LISTS, "author", post.author.username] });
      void queryClient.invalidateQueries({ queryKey: ["generations"] });
    },
  });
}

export { idempotencyKey };

export async function deletePost(id: string): Promise<void> {
  await api.DELETE("/v1/posts/{post_id}", { params: { path: { post_id: id } } });
  dropPost(id);
}

export async function changePost(id: string, change: PostChanges): Promise<Post> {
  const post = await body<Post>(
    api.PATCH("/v1/posts/{post_id}", { params: { path: { post_id: id } }, body: change }),
  );
  patchPost(id, () => post);
  return post;
}
