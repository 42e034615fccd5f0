import { type RefObject, useRef } from "react";
import { useNavigate } from "react-router";
import type { FeedEntry } from "../api/types";
import { useKeys } from "../shell/keys";
import { asSomebody } from "../shell/overlays";
import { toggleBookmark, toggleLike } from "./actions";
import { less } from "./feedback";
import { remix } from "./remix";

interface Options {
  entries: FeedEntry[];
  active: number;
  setActive: (index: number) => void;
  reveal: RefObject<(index: number) => void>;
}

/** `j k` walk through the feed; `l r b o h` act on the picture that is marked or has the focus. */
export function useFeedKeys({ entries, active, setActive, reveal }: Options): void {
  const navigate = useNavigate();
  /** Set while a step has moved the mark and the focus has yet to follow. */
  const following = useRef<number | undefined>(undefined);

  function current(): FeedEntry | undefined {
    if (following.current !== undefined) return entries[active];
    const focused = document.activeElement?.closest<HTMLElement>("[data-post]")?.dataset.post;
    return entries.find((entry) => entry.post.id === focused) ?? entries[active];
  }

  function go(step: number): void {
    const here = current();
    const index = here ? entries.indexOf(here) : -1;
    const next = Math.min(entries.length - 1, Math.max(0, index + step));
    const target = entries[next];
    if (!target) return;
    setActive(next);
    reveal.current(next);
    // The card may only now come into the document. Only the last of quick steps takes the focus.
    clearTimeout(following.current);
    following.current = window.setTimeout(() => {
      following.current = undefined;
      document
        .querySelector<HTMLElement>(`[data-post="${target.post.id}"] a`)
        ?.focus({ preventScroll: true });
    }, 60);
  }

  function on(act: (entry: FeedEntry) => void): () => void {
    return () => {
      const entry = current();
      if (entry) act(entry);
    };
  }

  useKeys({
    j: () => go(1),
    k: () => go(-1),
    l: on(({ post }) => toggleLike(post)),
    b: on(({ post }) => toggleBookmark(post)),
    r: on(({ post }) => remix(post)),
    o: on(
      ({ post, feed_context }) => void navigate(`/post/${post.id}`, { state: { feedContext: feed_context } }),
    ),
    h: on(({ post, feed_context }) => asSomebody(() => void less(post, feed_context))),
  });
}
