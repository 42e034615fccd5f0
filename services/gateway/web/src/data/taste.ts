import { useQuery } from "@tanstack/react-query";
import { authorizedFetch } from "../api/client";
import { problemFrom } from "../api/problem";
import type { Taste, TasteChanges } from "../api/types";
import { refreshFeed } from "./feed";
import { queryClient } from "./query";
import { useSession } from "./session";

const KEY = ["taste"];
const PATH = "/v1/me/taste";

/** What the feed thinks that one likes. */
export function useTaste() {
  const signedIn = useSession((session) => session.state === "in");
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await (await ask("GET", PATH, undefined, signal)).json()) as Taste,
    enabled: signedIn,
    staleTime: 0,
  });
}

/** Change how the feed is made; the next look at it is made that way. */
export async function changeTaste(changes: TasteChanges): Promise<void> {
  const taste = (await (await ask("PATCH", PATH, changes)).json()) as Taste;
  queryClient.setQueryData(KEY, taste);
  await refreshFeed("for_you");
}

/** Have one interest, or one "less like this", forgotten. */
export async function forgetTaste(id: string): Promise<void> {
  await ask("DELETE", `${PATH}/${encodeURIComponent(id)}`);
  queryClient.setQueryData<Taste>(
    KEY,
    (taste) =>
      taste && {
        ...taste,
        interests: taste.interests.filter((item) => item.id !== id),
        less: taste.less.filter((item) => item.id !== id),
      },
  );
  await refreshFeed("for_you");
}

/** Begin anew, as on the first day. */
export async function resetTaste(): Promise<void> {
  await ask("DELETE", PATH);
  await Promise.all([queryClient.invalidateQueries({ queryKey: KEY }), refreshFeed("for_you")]);
}

async function ask(
  method: string,
  path: string,
  content?: TasteChanges,
  signal?: AbortSignal,
): Promise<Response> {
  const response = await authorizedFetch(
    new Request(new URL(path, location.origin), {
      method,
      ...(content && { body: JSON.stringify(content), headers: { "Content-Type": "application/json" } }),
      ...(signal && { signal }),
    }),
  );
  if (!response.ok) throw await problemFrom(response);
  return response;
}
