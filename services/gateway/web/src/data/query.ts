import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

const HALF_AN_HOUR_MS = 30 * 60 * 1000;

/** Busy or unreachable is worth another try; a refusal is not. */
function retry(failures: number, error: Error): boolean {
  if (!(error instanceof Problem)) return false;
  return failures < 2 && (error.status === 0 || error.status === 429 || error.status >= 500);
}

function retryDelay(attempt: number, error: Error): number {
  if (error instanceof Problem && error.retryAfterSeconds)
    return Math.min(error.retryAfterSeconds, 10) * 1000;
  return Math.min(500 * 2 ** attempt, 5000);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry, retryDelay, staleTime: 30_000, gcTime: HALF_AN_HOUR_MS, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});
