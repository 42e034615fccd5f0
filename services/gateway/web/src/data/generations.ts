import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { api, body, idempotencyKey } from "../api/client";
import type {
  Generation,
  GenerationAnswer,
  GenerationRequest,
  GenerationStatus,
  Page,
  Picture,
  Status,
} from "../api/types";
import { changePages, keepChanges } from "./pages";
import { queryClient } from "./query";
import { useSession } from "./session";

export interface GenerationFilter {
  status?: GenerationStatus;
  q?: string;
}

const KEY = "generations";
queryClient.setQueryDefaults([KEY], { structuralSharing: keepChanges });

export function isOver(status: GenerationStatus): boolean {
  return status === "ready" || status === "blocked" || status === "failed" || status === "canceled";
}

/** A ready picture's facts are there; the schema only says that they may be. */
function told(answer: GenerationAnswer): Generation {
  return answer as Generation;
}

export function readyPictures(generation: Generation): Picture[] {
  return generation.images.filter((image) => image.status === "ready");
}

export function useGenerations(filter: GenerationFilter = {}) {
  const signedIn = useSession((session) => session.state === "in");
  return useInfiniteQuery({
    queryKey: [KEY, filter],
    queryFn: async ({ pageParam, signal }) => {
      const page = await body<Page<GenerationAnswer>>(
        api.GET("/v1/me/generations", {
          params: {
            query: {
              limit: 20,
              ...(filter.status && { status: filter.status }),
              ...(filter.q && { q: filter.q }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      );
      return { ...page, items: page.items.map(told) };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: signedIn,
  });
}

type Lists = InfiniteData<Page<Generation>>;

/** Put a generation into the lists: at the head when it is new, in its place when it is known. */
export function storeGeneration(generation: Generation): void {
  queryClient.setQueryData(["generation", generation.id], generation);
  for (const [key, data] of queryClient.getQueriesData<Lists>({ queryKey: [KEY] })) {
    if (!data) continue;
    const known = data.pages.some((page) => page.items.some((item) => item.id === generation.id));
    const unfiltered = Object.keys((key[1] as GenerationFilter) ?? {}).length === 0;
    if (!known && !unfiltered) continue;
    const changed = changePages(data, (page, index) => {
      if (!known) return index === 0 ? { ...page, items: [generation, ...page.items] } : page;
      return { ...page, items: page.items.map((item) => (item.id === generation.id ? generation : item)) };
    });
    queryClient.setQueryData<Lists>(key, changed);
  }
}

function forgetGeneration(id: string): void {
  queryClient.setQueriesData<Lists>(
    { queryKey: [KEY] },
    (data) =>
      data && changePages(data, (page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })),
  );
}

export async function createGeneration(request: GenerationRequest): Promise<Generation> {
  return told(await body(api.POST("/v1/generations", { body: request, headers: idempotencyKey() })));
}

export async function fetchGeneration(id: string): Promise<Generation> {
  return told(
    await body(api.GET("/v1/generations/{generation_id}", { params: { path: { generation_id: id } } })),
  );
}

export async function retryGeneration(id: string): Promise<Generation> {
  return told(
    await body(
      api.POST("/v1/generations/{generation_id}/retry", {
        params: { path: { generation_id: id } },
        headers: idempotencyKey(),
      }),
    ),
  );
}

const INTENT_EVERY_MS = 60_000;
let intended = Number.NEGATIVE_INFINITY;

/** Somebody is about to write a prompt: a painter that sleeps may be woken now. Only a hint, so failing says nothing. */
export function intend(): void {
  const now = performance.now();
  if (useSession.getState().state !== "in" || now - intended < INTENT_EVERY_MS) return;
  intended = now;
  api.POST("/v1/generations/intent").then(
    ({ data }) =>
      data && queryClient.setQueryData<Status>(["status"], (status) => status && { ...status, model: data }),
    () => undefined,
  );
}

/** Stop one that runs. */
export async function cancelGeneration(id: string): Promise<void> {
  await api.DELETE("/v1/generations/{generation_id}", { params: { path: { generation_id: id } } });
}

/** Delete a finished one with its unpublished pictures. */
export async function deleteGeneration({ id, status }: Generation): Promise<void> {
  const params = { path: { generation_id: id } };
  // Just after stopping it, only who has seen it stopped is taken to want more than that.
  const seen = status === "canceled" ? await api.GET("/v1/generations/{generation_id}", { params }) : null;
  const tag = seen?.response.headers.get("ETag");
  const headers = tag ? { "If-Match": tag } : {};
  await api.DELETE("/v1/generations/{generation_id}", { params, headers });
  forgetGeneration(id);
}
