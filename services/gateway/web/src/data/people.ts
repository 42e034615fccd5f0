import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { Card, Page, Profile } from "../api/types";
import { queryClient } from "./query";

export function useProfile(username: string, enabled = true) {
  return useQuery({
    queryKey: ["profile", username],
    enabled,
    queryFn: ({ signal }) =>
      body<Profile>(api.GET("/v1/users/{username}", { params: { path: { username } }, signal })),
  });
}

export function usePeople(username: string, which: "followers" | "following") {
  return useInfiniteQuery({
    queryKey: ["people", username, which],
    queryFn: ({ pageParam, signal }) => {
      const params = { path: { username }, query: { limit: 50, ...(pageParam && { cursor: pageParam }) } };
      return body<Page<Card>>(
        which === "followers"
          ? api.GET("/v1/users/{username}/followers", { params, signal })
          : api.GET("/v1/users/{username}/following", { params, signal }),
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function useDistant(which: "blocks" | "mutes") {
  return useQuery({
    queryKey: ["people", which],
    queryFn: ({ signal }) => {
      const params = { query: { limit: 100 } };
      return body<Page<Card>>(
        which === "blocks"
          ? api.GET("/v1/me/blocks", { params, signal })
          : api.GET("/v1/me/mutes", { params, signal }),
      );
    },
  });
}

const FLAGS = { follow: "following", block: "blocking", mute: "muting" } as const;

const STRANGERS = { following: false, followed_by: false, blocking: false, muting: false };

function withRelation(profile: Profile, kind: keyof typeof FLAGS, on: boolean): Profile {
  const relation = { ...STRANGERS, ...profile.relation };
  const step = kind === "follow" && relation.following !== on ? (on ? 1 : -1) : 0;
  return {
    ...profile,
    relation: { ...relation, [FLAGS[kind]]: on },
    counts: { ...profile.counts, followers: Math.max(0, profile.counts.followers + step) },
  };
}

/** Follow, block or mute somebody, or stop it: shown at once, taken back when refused. */
export async function relate(username: string, kind: keyof typeof FLAGS, on: boolean): Promise<void> {
  const key = ["profile", username];
  const before = queryClient.getQueryData<Profile>(key);
  queryClient.setQueryData<Profile>(key, (profile) => profile && withRelation(profile, kind, on));
  const params = { params: { path: { username } } };
  try {
    if (kind === "follow") {
      await (on
        ? api.PUT("/v1/users/{username}/follow", params)
        : api.DELETE("/v1/users/{username}/follow", params));
    } else if (kind === "block") {
      await (on
        ? api.PUT("/v1/users/{username}/block", params)
        : api.DELETE("/v1/users/{username}/block", params));
    } else {
      await (on
        ? api.PUT("/v1/users/{username}/mute", params)
        : api.DELETE("/v1/users/{username}/mute", params));
    }
  } catch (error) {
    queryClient.setQueryData(key, before);
    throw error;
  }
  void queryClient.invalidateQueries({ queryKey: ["people"] });
}
