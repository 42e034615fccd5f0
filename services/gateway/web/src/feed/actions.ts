import type { Post } from "../api/types";
import { react } from "../data/posts";
import { asSomebody } from "../shell/overlays";
import { text } from "../text/en";
import { explain } from "../ui/Message";
import { toast } from "../ui/toasts";

/** Run something that may be refused; a refusal is said in a toast, unless `said` has said it better. */
export async function attempt(
  action: () => Promise<unknown>,
  said: (error: unknown) => boolean = () => false,
): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (!said(error)) toast(explain(error), { tone: "bad" });
    return false;
  }
}

export function toggleLike(post: Post): void {
  asSomebody(() => void attempt(() => react(post, "like", !post.viewer.liked)));
}

export function toggleBookmark(post: Post): void {
  asSomebody(() => void attempt(() => react(post, "bookmark", !post.viewer.bookmarked)));
}

/** The address under which a post is shared. */
export function shareUrl(post: Post): string {
  return new URL(`/p/${post.id}`, location.origin).href;
}

export async function copy(value: string, done: string): Promise<void> {
  await attempt(async () => {
    await navigator.clipboard.writeText(value);
    toast(done);
  });
}

/** Hand a post to the system's share sheet, or copy its link where there is none. */
export async function share(post: Post): Promise<void> {
  const url = shareUrl(post);
  if (navigator.share) {
    await navigator.share({ url, title: post.caption || text.name }).catch(() => {});
  } else {
    await copy(url, text.post.linkCopied);
  }
}
