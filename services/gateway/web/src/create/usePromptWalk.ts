import { useRef } from "react";
import { fetchPrompts } from "../data/prompts";
import { useSession } from "../data/session";
import { useCreateDraft } from "./draft";

/**
 * Walk through earlier prompts: +1 goes to an older one, −1 back towards what was being written, which is kept.
 */
export function usePromptWalk(): (step: 1 | -1) => Promise<void> {
  const walk = useRef<{ own: string; prompts: string[]; at: number } | null>(null);
  const last = useRef(Promise.resolve());

  async function go(step: 1 | -1): Promise<void> {
    if (useSession.getState().state !== "in") return;
    const shown = useCreateDraft.getState().prompt;
    const place = walk.current;
    if (!place || shown !== (place.prompts[place.at] ?? place.own)) {
      if (step < 0) return;
      const page = await fetchPrompts("", null).catch(() => null);
      if (!page) return;
      walk.current = {
        own: shown,
        prompts: distinct(
          page.items.map((item) => item.prompt),
          shown,
        ),
        at: -1,
      };
    }
    const now = walk.current;
    if (!now) return;
    now.at = Math.max(-1, Math.min(now.prompts.length - 1, now.at + step));
    useCreateDraft.setState({ prompt: now.prompts[now.at] ?? now.own });
  }

  return (step) => {
    // The first step has to ask for the prompts; quick steps after it wait their turn.
    last.current = last.current.then(() => go(step));
    return last.current;
  };
}

/** Without repetitions, and without what is in the box already. */
export function distinct(prompts: string[], shown: string): string[] {
  return [...new Set(prompts)].filter((prompt) => prompt !== shown);
}
