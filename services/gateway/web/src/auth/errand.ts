import type { Draft } from "../create/draft";

/** What somebody was about when they left for the issuer's page: it has to outlive this page, in this tab only. */
export interface Errand {
  /** The path of this site where they were. */
  next: string;
  /** What they want painted as soon as they are in. */
  draft?: Draft;
}

const KEY = "promptgram.errand";

export function packErrand(errand: Errand): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(errand));
  } catch {
    // Without storage one comes back to the first page.
  }
}

/** The errand, once: nobody's second login repeats it. */
export function takeErrand(): Errand {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Errand | null;
    sessionStorage.removeItem(KEY);
    return kept ? { ...kept, next: ownPath(kept.next) } : { next: "/" };
  } catch {
    return { next: "/" };
  }
}

/** Only a path of this site: never an address that somebody else put into a link. */
export function ownPath(path: string | null): string {
  return path?.startsWith("/") && !/^\/[/\\]/.test(path) ? path : "/";
}
