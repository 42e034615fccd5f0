import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Model, Models, Quota, Status } from "../api/types";
import { useSession } from "./session";

export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => body<Models>(api.GET("/v1/models", { signal })),
    staleTime: 5 * 60_000,
  });
}

/** The model of that id, or the default one. */
export function chosenModel(models: Models | undefined, id: string | undefined): Model | undefined {
  return models?.models.find((model) => model.id === (id ?? models.default)) ?? models?.models[0];
}

export function useStatus(everyMs: number | false = false) {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => body<Status>(api.GET("/v1/status", { signal })),
    refetchInterval: everyMs,
    staleTime: 5000,
  });
}

/** How many pictures one may still have painted today. */
export function useQuota() {
  const signedIn = useSession((session) => session.state === "in");
  return useQuery({
    queryKey: ["quota"],
    queryFn: ({ signal }) => body<Quota>(api.GET("/v1/me/quota", { signal })),
    enabled: signedIn,
  });
}
