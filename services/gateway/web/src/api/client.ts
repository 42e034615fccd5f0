import createClient from "openapi-fetch";
import { problemFrom, unreachable } from "./problem";
import type { paths } from "./schema";
import { accessToken, refreshSession } from "./token";

/** `fetch` as the signed-in person: sends the access token, and renews it once when it has run out. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  const expired = response.headers.get("WWW-Authenticate")?.includes("invalid_token");
  // A wrong password is a 401 too, and sent again it would count twice.
  if (response.status !== 401 || !expired || accessToken() === null) return response;
  await refreshSession();
  return send(again);
}

async function send(request: Request): Promise<Response> {
  const token = accessToken();
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  else request.headers.delete("Authorization");
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

/** The typed client. Every answer but a success is thrown as a Problem. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorizedFetch });

api.use({
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await problemFrom(response);
  },
});

/** `T` with its pairs as lists: the client's types forget the length of tuples. */
type Widened<T> = T extends [number, number]
  ? number[]
  : T extends object
    ? { [K in keyof T]: Widened<T[K]> }
    : T;

/** The body of a successful answer. */
export async function body<T>(call: Promise<{ data?: Widened<NoInfer<T>> | undefined }>): Promise<T> {
  return (await call).data as T;
}

/** Makes a creating POST safe to repeat. */
export function idempotencyKey(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
