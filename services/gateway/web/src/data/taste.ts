import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Taste, TasteChanges } from "../api/types";
import { refreshFeed } from "./feed";
import { queryClient } from "./query";
import { useSession } from "./session";

const KEY = ["taste"];

/** What the feed thinks that one likes. */
export function useTaste() {
  const signedIn = useSession((session) => session.state === "in");
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => body<Taste>(api.GET("/v1/me/taste", { signal })),
    enabled: signedIn,
    staleTime: 0,
  });
}

/** Change how the feed is made; the next look at it is made that way. */
export async function changeTaste(changes: TasteChanges): Promise<void> {
  const taste = await body<Taste>(api.PATCH("/v1/me/taste", { body: changes }));
  queryClient.setQueryData(KEY, taste);
  await refreshFeed("for_you");
}

/** Have one interest, or one "less like this", forgotten. */
export async function forgetTaste(id: string): Promise<void> {
  await api.DELETE("/v1/me/taste/{taste_id}", { params: { path: { taste_id: id } } });
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
  await api.DELETE("/v1/me/taste");
  await Promise.all([queryClient.invalidateQueries({ queryKey: KEY }), refreshFeed("for_you")]);
}
