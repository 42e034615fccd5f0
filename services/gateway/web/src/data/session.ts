import { create } from "zustand";
import { api, body, idempotencyKey } from "../api/client";
import { dropSession, hasSessionHint, keepSession, refreshSession, watchSession } from "../api/token";
import type { Me, SignedIn } from "../api/types";
import { queryClient } from "./query";

interface Session {
  /** `unknown` until the refresh cookie has been tried. */
  state: "unknown" | "in" | "out";
  user: Me | null;
}

export const useSession = create<Session>(() => ({ state: "unknown", user: null }));

watchSession((user) => {
  const before = useSession.getState();
  useSession.setState({ state: user ? "in" : "out", user });
  // Answers are personal: nothing cached for one person may be shown to another.
  if (before.state === "unknown" || before.user?.id === user?.id) return;
  if (user) forgetAnswers();
  // What only a person may ask for leaves the page first, so that a stranger does not ask again.
  else setTimeout(forgetAnswers);
});

function forgetAnswers(): void {
  queryClient.removeQueries({ type: "inactive" });
  void queryClient.resetQueries();
}

/** Find out who is here. Never throws: without an answer the visitor is a stranger for now. */
export async function restoreSession(): Promise<void> {
  if (!hasSessionHint()) {
    useSession.setState({ state: "out" });
    return;
  }
  try {
    if (await refreshSession()) return;
  } catch {
    useSession.setState({ state: "out" });
  }
}

export function useMe(): Me | null {
  return useSession((session) => session.user);
}

export async function signUp(form: { username: string; email: string; password: string }): Promise<Me> {
  const session = await body<SignedIn>(api.POST("/v1/accounts", { body: form, headers: idempotencyKey() }));
  keepSession(session);
  return session.user;
}

export async function logIn(form: { login: string; password: string }): Promise<Me> {
  const session = await body<SignedIn>(api.POST("/v1/sessions", { body: form }));
  keepSession(session);
  return session.user;
}

export async function logOut(): Promise<void> {
  await api.DELETE("/v1/sessions/current").catch(() => {});
  dropSession();
}
