import { Problem } from "./problem";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

/** Growing pauses between tries. Each also ends when the connection comes back, or with the signal. */
export class Pauses {
  private next = FIRST_PAUSE_MS;

  /** Begin with short ones again. */
  reset(): void {
    this.next = FIRST_PAUSE_MS;
  }

  async take(signal: AbortSignal): Promise<void> {
    const length = this.next;
    this.next = Math.min(length * 2, LONGEST_PAUSE_MS);
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener("online", done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, length);
      addEventListener("online", done);
      signal.addEventListener("abort", done);
    });
  }
}

/** Whether asking again is of no use: the server has understood, and refuses. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500;
}

/** Ask until there is an answer. Throws a refusal, or what ended the last try once the signal is aborted. */
export async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const pauses = new Pauses();
  while (true) {
    try {
      return await ask();
    } catch (error) {
      if (isRefusal(error) || signal.aborted) throw error;
    }
    await pauses.take(signal);
  }
}
