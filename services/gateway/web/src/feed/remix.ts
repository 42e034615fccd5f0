import type { Post } from "../api/types";
import { openComposer } from "../shell/overlays";

/** Start from somebody's picture: its words when they are shown, and the picture itself. */
export function remix(post: Post): void {
  const cover = post.images[0];
  openComposer({
    ...(post.prompt && { prompt: post.prompt }),
    ...(cover && { source: cover }),
    model: post.model,
    aspect: post.aspect,
    remixOf: post,
  });
}

/** Take over words, seed, or both, without starting from the picture. */
export function reuse(post: Post, what: "prompt" | "seed" | "all"): void {
  openComposer({
    ...(what !== "seed" && post.prompt && { prompt: post.prompt }),
    ...(what !== "prompt" && { seed: post.seed }),
    ...(what === "all" && { model: post.model, aspect: post.aspect }),
  });
}
