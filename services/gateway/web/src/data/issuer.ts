import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { keepSession } from "../api/token";
import type { Departure, SignedIn, SignInOffer } from "../api/types";

/** The outside issuer that people can log in with; undefined while unknown, null when there is none. */
export function useIssuer() {
  return useQuery({
    queryKey: ["issuer"],
    queryFn: ({ signal }) => body<SignInOffer>(api.GET("/v1/sessions/issuer", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  }).data?.issuer;
}

/** Where to send the browser for somebody to log in. */
export async function authorizationUrl(): Promise<string> {
  return (await body<Departure>(api.POST("/v1/sessions/issuer"))).authorization_url;
}

/** Log in with what the issuer sent the browser back with; tells whether that made the account. */
export async function arrive(back: {
  code: string;
  state: string;
  iss?: string;
}): Promise<{ isNew: boolean }> {
  const { data, response } = await api.POST("/v1/sessions/issuer/code", { body: back });
  keepSession(data as SignedIn);
  return { isNew: response.status === 201 };
}
