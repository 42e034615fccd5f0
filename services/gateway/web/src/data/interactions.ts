import { authorizedFetch } from "../api/client";
import { accessToken } from "../api/token";
import type { Interaction } from "../api/types";

const BATCH_MS = 4000;
const MOST_IN_A_BATCH = 100;

const waiting: Interaction[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tell the feed what happened to a post, some seconds later and together with other news. Strangers are not followed. */
export function note(interaction: Interaction): void {
  if (!accessToken()) return;
  waiting.push(interaction);
  timer ??= setTimeout(() => void flush(), BATCH_MS);
}

/** Tell it at once: what changes the very next page cannot wait. */
export async function tell(interaction: Interaction): Promise<void> {
  waiting.push(interaction);
  await flush();
}

async function flush(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  const items = waiting.splice(0, MOST_IN_A_BATCH);
  if (items.length === 0) return;
  const request = new Request(new URL("/v1/feed/interactions", location.origin), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ items }),
    keepalive: true,
  });
  // What was seen is a hint, not a record: losing it costs a repeated picture, so it is not sent twice.
  await authorizedFetch(request).catch(() => undefined);
  if (waiting.length > 0) await flush();
}

addEventListener("pagehide", () => void flush());
