import { create } from "zustand";
import { api, body } from "../api/client";
import { untilAnswered } from "../api/patience";
import { followStream, type StreamEvent } from "../api/stream";
import type { Generation, Models, PictureInMaking } from "../api/types";
import {
  cancelGeneration,
  createGeneration,
  fetchGeneration,
  isOver,
  retryGeneration,
  storeGeneration,
} from "../data/generations";
import { chosenModel } from "../data/models";
import { queryClient } from "../data/query";
import { text } from "../text/en";
import { announce } from "../ui/announce";
import { explain } from "../ui/Message";
import { toast } from "../ui/toasts";
import { requestFrom, useCreateDraft } from "./draft";

/** A generation as it is being made. `progress` is 0 to 1, null while unknown; `preview` is a data URL. */
export interface Job {
  generation: Generation;
  progress: number | null;
  preview: string | null;
}

interface Jobs {
  jobs: Record<string, Job>;
  /** A request that the server has not answered yet. */
  sending: boolean;
}

export const useJobs = create<Jobs>(() => ({ jobs: {}, sending: false }));

const following = new Map<string, AbortController>();

/** Paint what the draft says. The draft stays, for the next try. */
export async function startFromDraft(): Promise<void> {
  const draft = useCreateDraft.getState();
  if (!draft.prompt.trim() || useJobs.getState().sending) return;
  useJobs.setState({ sending: true });
  try {
    const models = await queryClient
      .ensureQueryData({ queryKey: ["models"], queryFn: () => body<Models>(api.GET("/v1/models")) })
      // Without the list the server's defaults serve as well.
      .catch(() => undefined);
    follow(await createGeneration(requestFrom(draft, chosenModel(models, draft.model))));
    for (const changed of ["prompts", "quota"]) void queryClient.invalidateQueries({ queryKey: [changed] });
  } catch (error) {
    toast(explain(error), { tone: "bad" });
  } finally {
    useJobs.setState({ sending: false });
  }
}

export async function again(generation: Generation): Promise<void> {
  try {
    follow(await retryGeneration(generation.id));
  } catch (error) {
    toast(explain(error), { tone: "bad" });
  }
}

export async function stop(generation: Generation): Promise<void> {
  try {
    await cancelGeneration(generation.id);
    settle({ ...generation, status: "canceled" });
    toast(text.create.stopped);
  } catch (error) {
    toast(explain(error), { tone: "bad" });
  }
}

/** Show a generation's life from now on until it is over. Following one twice changes nothing. */
export function follow(generation: Generation): void {
  if (following.has(generation.id)) return;
  storeGeneration(generation);
  put(generation.id, { generation, progress: null, preview: null });
  if (isOver(generation.status)) {
    settle(generation);
    return;
  }
  const controller = new AbortController();
  following.set(generation.id, controller);
  followStream(
    `/v1/generations/${generation.id}/events`,
    (event) => receive(generation.id, event),
    controller.signal,
  )
    .catch(() => undefined)
    // The last event may have been all that still came through.
    .then(() => untilAnswered(() => fetchGeneration(generation.id), controller.signal))
    .then(settle)
    .catch(() => following.delete(generation.id));
}

/** A picture is held back, or the person is gone: forget everything that was being watched. */
export function forgetJobs(): void {
  for (const controller of following.values()) controller.abort();
  following.clear();
  useJobs.setState({ jobs: {} });
}

function put(id: string, job: Job): void {
  useJobs.setState(({ jobs }) => ({ jobs: { ...jobs, [id]: job } }));
}

function change(id: string, generation: Partial<Generation>, rest: Partial<Job> = {}): void {
  const job = useJobs.getState().jobs[id];
  if (job) put(id, { ...job, ...rest, generation: { ...job.generation, ...generation } });
}

/** Take in one event; true when it was the last. */
export function receive(id: string, { event, data }: StreamEvent): boolean {
  const job = useJobs.getState().jobs[id];
  if (!job) return true;
  const facts = data as Record<string, unknown>;
  switch (event) {
    case "queued":
      change(id, { status: "queued", queue: facts as unknown as NonNullable<Generation["queue"]> });
      return false;
    case "running":
      if (job.generation.status !== "running") announce(text.create.announce.running);
      change(
        id,
        { status: facts.progress === 1 ? "checking" : "running" },
        {
          progress: typeof facts.progress === "number" ? facts.progress : job.progress,
          preview: typeof facts.preview === "string" ? facts.preview : job.preview,
        },
      );
      return false;
    case "image": {
      const picture = facts as unknown as PictureInMaking;
      const images = job.generation.images.map((image) => (image.id === picture.id ? picture : image));
      change(id, { images });
      return false;
    }
    default:
      return event === "done" || event === "blocked" || event === "failed" || event === "canceled";
  }
}

/** The record as the server has it is the truth; what the stream told was only quicker. */
function settle(generation: Generation): void {
  following.get(generation.id)?.abort();
  following.delete(generation.id);
  change(generation.id, generation, { progress: null, preview: null });
  storeGeneration(generation);
  const words = text.create.announce;
  if (generation.status === "ready") {
    announce(words.ready(generation.images.filter((image) => image.status === "ready").length));
  } else if (generation.status === "blocked") announce(words.blocked);
  else if (generation.status === "failed") announce(words.failed);
}
