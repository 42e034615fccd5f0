import { beforeEach, expect, test, vi } from "vitest";
import { useCreateDraft } from "../create/draft";
import { ownPath, packErrand, takeErrand } from "./errand";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

test("an errand comes back whole, and once", () => {
  const draft = { ...useCreateDraft.getState(), prompt: "a red fox", seed: 7 };
  packErrand({ next: "/post/1?a=b", draft });
  expect(takeErrand()).toEqual({ next: "/post/1?a=b", draft });
  expect(takeErrand()).toEqual({ next: "/" });
});

test("what is not an errand is none", () => {
  for (const rubbish of ["{", "7", "null", '{"next": "//evil.example"}', '{"next": 7}']) {
    sessionStorage.setItem("promptgram.errand", rubbish);
    expect(takeErrand().next, rubbish).toBe("/");
  }
});

test.each([
  ["/u/ada?tab=likes", "/u/ada?tab=likes"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["", "/"],
  [null, "/"],
])("%s leads to %s", (path, target) => {
  expect(ownPath(path)).toBe(target);
});
