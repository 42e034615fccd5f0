import { create } from "zustand";
import type { GenerationRequest, Model, Picture, Post } from "../api/types";
import type { Seedling } from "../shell/overlays";

export const LONGEST_PROMPT = 1000;

export interface Draft {
  prompt: string;
  negative: string;
  n: number;
  aspect: string;
  /** Undefined is the default model. */
  model: string | undefined;
  seed: number | undefined;
  style: string | undefined;
  source: Picture | undefined;
  strength: number;
  remixOf: Post | undefined;
}

const EMPTY: Draft = {
  prompt: "",
  negative: "",
  n: 2,
  aspect: "1:1",
  model: undefined,
  seed: undefined,
  style: undefined,
  source: undefined,
  strength: 0.6,
  remixOf: undefined,
};

/** What is being composed. One draft for the whole page: closing the composer or going elsewhere loses nothing. */
export const useCreateDraft = create<Draft>(() => EMPTY);

/** Start from something: what the seedling does not name stays as it was, but an old source picture goes. */
export function plant(seedling: Seedling): void {
  const { remixOf, source, ...rest } = seedling;
  if (Object.keys(seedling).length === 0) return;
  useCreateDraft.setState({ ...rest, source, remixOf });
}

/** The request for a draft, with only what the model can do. */
export function requestFrom(draft: Draft, model: Model | undefined): GenerationRequest {
  const aspects = Object.keys(model?.sizes ?? {});
  const request: GenerationRequest = {
    prompt: draft.prompt.trim(),
    n: Math.min(draft.n, model?.max_n ?? draft.n),
    aspect: aspects.length === 0 || aspects.includes(draft.aspect) ? draft.aspect : (aspects[0] as string),
  };
  if (model) request.model = model.id;
  if (draft.seed !== undefined) request.seed = draft.seed;
  if (draft.negative.trim() && model?.negative_prompt) request.negative_prompt = draft.negative.trim();
  if (draft.style && model?.styles?.includes(draft.style)) request.style = draft.style;
  if (draft.source && model?.image_to_image) {
    request.source_image_id = draft.source.id;
    request.strength = draft.strength;
  }
  return request;
}
