import { type RefObject, useEffect, useRef } from "react";
import { note } from "../data/interactions";

const SEEN_AFTER_MS = 800;
const watched = new WeakMap<
  Element,
  { postId: string; feedContext: string; timer?: ReturnType<typeof setTimeout> }
>();
const told = new Set<string>();
let observer: IntersectionObserver | undefined;

function look(entries: IntersectionObserverEntry[]): void {
  for (const entry of entries) {
    const record = watched.get(entry.target);
    if (!record) continue;
    clearTimeout(record.timer);
    if (!entry.isIntersecting) continue;
    record.timer = setTimeout(() => {
      told.add(record.feedContext);
      observer?.unobserve(entry.target);
      note({ post_id: record.postId, event: "seen", feed_context: record.feedContext });
    }, SEEN_AFTER_MS);
  }
}

/** Note a feed's card as seen once more than half of it has been on screen for a moment. */
export function useSeen(postId: string, feedContext: string | null): RefObject<HTMLElement | null> {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const target = element.current;
    if (!target || !feedContext || told.has(feedContext)) return;
    observer ??= new IntersectionObserver(look, { threshold: 0.55 });
    watched.set(target, { postId, feedContext });
    observer.observe(target);
    return () => {
      clearTimeout(watched.get(target)?.timer);
      observer?.unobserve(target);
    };
  }, [postId, feedContext]);
  return element;
}
