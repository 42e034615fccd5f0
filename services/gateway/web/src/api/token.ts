import { problemFrom, unreachable } from "./problem";
import type { Me, SignedIn } from "./types";

/** The access token lives in memory only; the refresh token is an HttpOnly cookie that no script can read. */
let token: string | null = null;
let userId: string | null = null;
let onChange: (user: Me | null) => void = () => {};

/** Who is signed in, so that strangers' first visit makes no needless call and other tabs learn of a change. */
const HINT = "promptgram.signed_in";

export function accessToken(): string | null {
  return token;
}

export function hasSessionHint(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return true;
  }
}

export function watchSession(listener: (user: Me | null) => void): void {
  onChange = listener;
  addEventListener("storage", (event) => {
    if (event.key !== HINT) return;
    if (event.newValue === null) {
      token = null;
      onChange(null);
    } else if (event.newValue !== userId) {
      // Somebody logged in in another tab. Without an answer the next call finds out who.
      void refreshSession().catch(() => {});
    }
  });
}

export function keepSession(session: SignedIn): void {
  token = session.access_token;
  remember(session.user.id);
  onChange(session.user);
}

export function dropSession(): void {
  token = null;
  remember(null);
  onChange(null);
}

function remember(id: string | null): void {
  userId = id;
  try {
    if (id) localStorage.setItem(HINT, id);
    else localStorage.removeItem(HINT);
  } catch {
    // Without storage every load simply tries to refresh.
  }
}

let refreshing: Promise<boolean> | null = null;

/**
 * Trade the refresh cookie for a new access token. Concurrent callers share one call, and tabs take turns: the cookie
 * rotates, and presenting a spent one ends the whole session.
 *
 * @returns whether somebody is signed in. Throws a Problem when the server could not be asked.
 */
export function refreshSession(): Promise<boolean> {
  const stale = token;
  refreshing ??= withLock(async () => {
    if (token !== stale) return token !== null;
    let response: Response;
    try {
      response = await fetch("/v1/sessions/refresh", { method: "POST", credentials: "same-origin" });
    } catch {
      throw unreachable();
    }
    if (response.ok) {
      keepSession((await response.json()) as SignedIn);
      return true;
    }
    if (response.status === 401) {
      dropSession();
      return false;
    }
    throw await problemFrom(response);
  }).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function withLock(work: () => Promise<boolean>): Promise<boolean> {
  // Absent on plain http beyond this machine: tabs may then race, and the loser has to log in again.
  return navigator.locks ? await navigator.locks.request("promptgram.refresh", work) : await work();
}
