import { beforeEach, expect, test } from "vitest";
import type { Model, Picture } from "../api/types";
import { type Draft, plant, requestFrom, useCreateDraft } from "./draft";

const model: Model = {
  id: "plain",
  title: "Plain",
  licence: "MIT",
  commercial_use: true,
  steps: 4,
  guidance: false,
  negative_prompt: false,
  image_to_image: false,
  sizes: { "1:1": [256, 256] },
  max_n: 2,
};
const source = { id: "picture" } as Picture;
const initial = useCreateDraft.getState();

beforeEach(() => useCreateDraft.setState(initial, true));

function draft(change: Partial<Draft>): Draft {
  return { ...initial, prompt: " a fox ", ...change };
}

test("only what the model can do is asked for", () => {
  const full = draft({ n: 4, aspect: "3:2", negative: "text", style: "ink", source, seed: 0 });
  expect(requestFrom(full, model)).toEqual({ prompt: "a fox", n: 2, aspect: "1:1", model: "plain", seed: 0 });
  const able = { ...model, negative_prompt: true, image_to_image: true, styles: ["ink"], max_n: 4 };
  expect(requestFrom(full, able)).toMatchObject({
    n: 4,
    negative_prompt: "text",
    style: "ink",
    source_image_id: "picture",
    strength: 0.6,
  });
});

test("a seedling replaces what it names and drops the old source", () => {
  useCreateDraft.setState({ source, n: 3, prompt: "old" });
  plant({ prompt: "new" });
  expect(useCreateDraft.getState()).toMatchObject({ prompt: "new", n: 3, source: undefined });
});

test("an empty seedling keeps the draft as it was left", () => {
  useCreateDraft.setState({ source, prompt: "mine" });
  plant({});
  expect(useCreateDraft.getState()).toMatchObject({ prompt: "mine", source });
});
