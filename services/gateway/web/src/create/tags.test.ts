import { expect, test } from "vitest";
import { parseTags, suggestTags } from "./tags";

test("tags are cleaned, and each counts once", () => {
  expect(parseTags("Fox, #night,  cosy cabin ,fox,, !!! ")).toEqual(["fox", "night", "cosy-cabin"]);
  expect(parseTags("Ночь, 夜, café")).toEqual(["ночь", "夜", "café"]);
});

test("ten tags of fifty letters are the most", () => {
  expect(parseTags(Array.from({ length: 30 }, (_, i) => `t${i}`).join(","))).toHaveLength(10);
  expect(parseTags("x".repeat(80))[0]).toHaveLength(50);
});

test("a prompt suggests its telling words", () => {
  expect(suggestTags("A red fox under the moon, a fox!")).toEqual(["red", "fox", "moon"]);
  expect(suggestTags("")).toEqual([]);
});
