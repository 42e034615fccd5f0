import type { Comment } from "../api/types";

/** Comments in reading order: each followed by its replies. A reply to something that is gone stands by itself. */
export function thread(comments: Comment[]): { comment: Comment; isReply: boolean }[] {
  const ids = new Set(comments.map((comment) => comment.id));
  const replies = new Map<string, Comment[]>();
  for (const comment of comments) {
    if (comment.reply_to && ids.has(comment.reply_to)) {
      replies.set(comment.reply_to, [...(replies.get(comment.reply_to) ?? []), comment]);
    }
  }
  return comments
    .filter((comment) => !comment.reply_to || !ids.has(comment.reply_to))
    .flatMap((comment) => [
      { comment, isReply: false },
      ...(replies.get(comment.id) ?? []).map((reply) => ({ comment: reply, isReply: true })),
    ]);
}
