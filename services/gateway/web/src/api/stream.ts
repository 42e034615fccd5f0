import { EventSourceParserStream } from "eventsource-parser/stream";
import { authorizedFetch } from "./client";
import { isRefusal, Pauses } from "./patience";
import { problemFrom } from "./problem";

export interface StreamEvent {
  event: string;
  data: unknown;
}

/**
 * Follow a resumable event stream until `onEvent` says it is over by returning true. `EventSource` cannot send the
 * access token, so this reads the stream through fetch; a broken connection resumes after the last event seen.
 *
 * Throws the Problem when the server refuses for good (4xx), or an AbortError.
 */
export async function followStream(
  path: string,
  onEvent: (event: StreamEvent) => boolean,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined;
  const pauses = new Pauses();
  while (!signal.aborted) {
    try {
      const response = await open(path, lastId, signal);
      if (response.status === 204) return;
      for await (const event of eventsOf(response)) {
        pauses.reset();
        if (event.id) lastId = event.id;
        if (onEvent({ event: event.event ?? "message", data: JSON.parse(event.data) })) return;
      }
    } catch (error) {
      if (signal.aborted || isRefusal(error)) throw error;
    }
    await pauses.take(signal);
  }
}

async function open(path: string, lastId: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ Accept: "text/event-stream" });
  if (lastId) headers.set("Last-Event-ID", lastId);
  const response = await authorizedFetch(new Request(new URL(path, location.origin), { headers, signal }));
  if (!response.ok) throw await problemFrom(response);
  return response;
}

async function* eventsOf(response: Response) {
  if (!response.body) throw await problemFrom(response);
  const reader = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
