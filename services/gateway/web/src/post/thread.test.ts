import { expect, test } from "vitest";
import type { Comment } from "../api/types";
import { thread } from "./thread";

function comment(id: string, reply_to: string | null = null): Comment {
  return { id, reply_to } as Comment;
}

test("each comment is followed by its replies, in their order", () => {
  const read = thread([
    comment("a"),
    comment("b"),
    comment("a1", "a"),
    comment("b1", "b"),
    comment("a2", "a"),
  ]);
  expect(read.map(({ comment: { id }, isReply }) => (isReply ? `·${id}` : id))).toEqual([
    "a",
    "·a1",
    "·a2",
    "b",
    "·b1",
  ]);
});

test("a reply to a deleted comment is not lost", () => {
  expect(thread([comment("x", "gone")])).toEqual([{ comment: comment("x", "gone"), isReply: false }]);
});
