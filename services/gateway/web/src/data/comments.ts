import { type InfiniteData, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { api, body, idempotencyKey } from "../api/client";
import type { Comment, Page } from "../api/types";
import { patchPost } from "./posts";
import { queryClient } from "./query";

const commentsKey = (postId: string) => ["comments", postId];

export function useComments(postId: string) {
  return useInfiniteQuery({
    queryKey: commentsKey(postId),
    queryFn: ({ pageParam, signal }) =>
      body<Page<Comment>>(
        api.GET("/v1/posts/{post_id}/comments", {
          params: {
            path: { post_id: postId },
            query: { limit: 50, ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

function countComment(postId: string, by: number): void {
  patchPost(postId, (post) => ({
    ...post,
    counts: { ...post.counts, comments: Math.max(0, post.counts.comments + by) },
  }));
}

export function useAddComment(postId: string) {
  return useMutation({
    mutationFn: (comment: { text: string; reply_to?: string }) =>
      body<Comment>(
        api.POST("/v1/posts/{post_id}/comments", {
          params: { path: { post_id: postId } },
          body: comment,
          headers: idempotencyKey(),
        }),
      ),
    onSuccess: (comment) => {
      if (comment.moderation === "allow") countComment(postId, 1);
      queryClient.setQueryData<InfiniteData<Page<Comment>>>(commentsKey(postId), (data) => {
        const last = data?.pages.at(-1);
        if (!data || !last) return data;
        return { ...data, pages: [...data.pages.slice(0, -1), { ...last, items: [...last.items, comment] }] };
      });
    },
  });
}

export async function deleteComment(postId: string, id: string): Promise<void> {
  await api.DELETE("/v1/comments/{comment_id}", { params: { path: { comment_id: id } } });
  countComment(postId, -1);
  await queryClient.invalidateQueries({ queryKey: commentsKey(postId) });
}
