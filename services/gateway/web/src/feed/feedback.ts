import { create } from "zustand";
import { api, body } from "../api/client";
import type { Page, Person, Post } from "../api/types";
import { note, tell } from "../data/interactions";
import { relate } from "../data/people";
import { text } from "../text/en";
import { toast } from "../ui/toasts";
import { attempt } from "./actions";

interface Hidden {
  posts: ReadonlySet<string>;
  authors: ReadonlySet<string>;
}

/** What this person has just sent away. The server knows too; this makes it vanish at once, and lets Undo bring it back. */
export const useHidden = create<Hidden>(() => ({ posts: new Set(), authors: new Set() }));

export function isHidden(post: Post, hidden: Hidden): boolean {
  return hidden.posts.has(post.id) || hidden.authors.has(post.author.id);
}

function change(key: keyof Hidden, ids: string[], away: boolean): void {
  useHidden.setState((hidden) => {
    const next = new Set(hidden[key]);
    for (const id of ids) {
      if (away) next.add(id);
      else next.delete(id);
    }
    return { [key]: next };
  });
}

let isAhead: (postId: string) => boolean = () => false;

/** A feed says which posts still wait below the reader. What is above never changes: the position is sacred. */
export function setHorizon(horizon: (postId: string) => boolean): void {
  isAhead = horizon;
}

export async function more(post: Post, feedContext: string | null): Promise<void> {
  await tell({ post_id: post.id, event: "more", feed_context: feedContext });
  toast(text.feed.moreDone);
}

export function hide(post: Post, feedContext: string | null): void {
  change("posts", [post.id], true);
  note({ post_id: post.id, event: "hidden", feed_context: feedContext });
  toast(text.feed.hidden, { action: undoing(() => change("posts", [post.id], false)) });
}

/**
 * Fewer like this: the card goes, and so do pictures close to it that wait further down. The server has heard it before
 * the next page is asked for.
 */
export async function less(post: Post, feedContext: string | null): Promise<void> {
  change("posts", [post.id], true);
  await tell({ post_id: post.id, event: "less", feed_context: feedContext });
  const kin = await similarIds(post.id);
  const gone = kin.filter(isAhead);
  change("posts", gone, true);
  const undo = () => {
    change("posts", [post.id, ...gone], false);
    void tell({ post_id: post.id, event: "more", feed_context: feedContext });
  };
  toast(text.feed.lessDone(gone.length), { action: undoing(undo) });
}

const KIN = 12;

async function similarIds(id: string): Promise<string[]> {
  try {
    const page = await body<Page<Post>>(
      api.GET("/v1/posts/{post_id}/similar", { params: { path: { post_id: id }, query: { limit: KIN } } }),
    );
    return page.items.map((post) => post.id);
  } catch {
    return [];
  }
}

export async function muteAuthor(author: Person): Promise<void> {
  change("authors", [author.id], true);
  const undo = () => {
    change("authors", [author.id], false);
    void attempt(() => relate(author.username, "mute", false));
  };
  if (await attempt(() => relate(author.username, "mute", true))) {
    toast(text.feed.muted(author.username), { action: undoing(undo) });
  } else change("authors", [author.id], false);
}

export async function blockAuthor(author: Person): Promise<void> {
  change("authors", [author.id], true);
  const undo = () => {
    change("authors", [author.id], false);
    void attempt(() => relate(author.username, "block", false));
  };
  if (await attempt(() => relate(author.username, "block", true))) {
    toast(text.feed.blocked(author.username), { action: undoing(undo) });
  } else change("authors", [author.id], false);
}

function undoing(run: () => void): { label: string; run: () => void } {
  return { label: text.common.undo, run };
}
