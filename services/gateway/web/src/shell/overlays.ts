import { create } from "zustand";
import type { Picture, Post } from "../api/types";
import { useSession } from "../data/session";

/** What the composer starts with. */
export interface Seedling {
  prompt?: string;
  seed?: number;
  aspect?: string;
  model?: string;
  source?: Picture;
  /** The post it is a remix of, to say so. */
  remixOf?: Post;
}

interface Overlays {
  auth: "login" | "signup" | null;
  /** Runs once somebody is signed in; a closed dialog forgets it. */
  afterAuth: (() => void) | null;
  /** Whether that is to paint the draft: it is said, and kept even when the page is left to log in. */
  paintsAfterAuth: boolean;
  composer: Seedling | null;
  shortcuts: boolean;
  report: { kind: "post" | "comment" | "user"; id: string } | null;
}

/** What lies over the page. Only one of each can be open, and opening one leaves the page in place. */
export const useOverlays = create<Overlays>(() => ({
  auth: null,
  afterAuth: null,
  paintsAfterAuth: false,
  composer: null,
  shortcuts: false,
  report: null,
}));

/** Do something as somebody: at once when signed in, else after logging in. Who is here may not be known yet. */
export function asSomebody(
  action: () => void,
  { form = "login", paints = false }: { form?: "login" | "signup"; paints?: boolean } = {},
): void {
  const { state } = useSession.getState();
  if (state === "in") action();
  else if (state === "out") {
    useOverlays.setState({ auth: form, afterAuth: action, paintsAfterAuth: paints });
  } else {
    const stop = useSession.subscribe((session) => {
      if (session.state === "unknown") return;
      stop();
      asSomebody(action, { form, paints });
    });
  }
}

export function openAuth(form: "login" | "signup"): void {
  useOverlays.setState({ auth: form, afterAuth: null, paintsAfterAuth: false });
}

export function closeAuth(): void {
  useOverlays.setState({ auth: null, afterAuth: null, paintsAfterAuth: false });
}

export function finishAuth(): void {
  const { afterAuth } = useOverlays.getState();
  closeAuth();
  afterAuth?.();
}

export function openComposer(seedling: Seedling = {}): void {
  asSomebody(() => useOverlays.setState({ composer: seedling }), { form: "signup" });
}

export function closeComposer(): void {
  useOverlays.setState({ composer: null });
}
