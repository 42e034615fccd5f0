import type { ProblemBody } from "./types";

/** An answer that is not a success, as RFC 9457 tells it, or as near as we can make it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly traceId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: { loc: (string | number)[]; msg: string }[];

  constructor(body: ProblemBody, retryAfterSeconds?: number) {
    super(body.detail || body.title);
    this.name = "Problem";
    this.status = body.status;
    this.code = body.code;
    this.traceId = body.trace_id;
    this.fields = body.errors ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The message for one field of a refused form. */
  field(name: string): string | undefined {
    return this.fields.find((error) => error.loc.at(-1) === name)?.msg;
  }
}

/** The network could not be reached at all. */
export const UNREACHABLE = "unreachable";

export function unreachable(): Problem {
  return new Problem({ title: "Unreachable", status: 0, code: UNREACHABLE });
}

export async function problemFrom(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(after) && after > 0 ? after : undefined;
  const text = await response.text();
  try {
    const body = JSON.parse(text) as Partial<ProblemBody>;
    if (typeof body.code === "string") {
      return new Problem(
        { title: response.statusText, ...body, status: response.status } as ProblemBody,
        retryAfter,
      );
    }
  } catch {
    // A proxy's HTML page, for instance: the status says all we know.
  }
  return new Problem(
    { title: response.statusText || "Error", status: response.status, code: `http_${response.status}` },
    retryAfter,
  );
}
