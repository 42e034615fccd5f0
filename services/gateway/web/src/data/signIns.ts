import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { SignIns } from "../api/types";
import { queryClient } from "./query";

const KEY = ["sign-ins"];

/** Where one is signed in, the newest first. */
export function useSignIns() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => body<SignIns>(api.GET("/v1/me/sessions", { signal })),
    staleTime: 0,
  });
}

/** Sign out one browser, or all but this one. */
export async function endSignIn(id: string | "others"): Promise<void> {
  if (id === "others") await api.DELETE("/v1/me/sessions");
  else await api.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } });
  await queryClient.invalidateQueries({ queryKey: KEY });
}
