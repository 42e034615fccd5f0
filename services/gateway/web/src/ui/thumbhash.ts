import { thumbHashToAverageRGBA, thumbHashToDataURL } from "thumbhash";

export interface Placeholder {
  image: string;
  color: string;
}

/** Each holds some kilobytes: enough for many screens, and not for a whole evening of scrolling. */
const MOST_KEPT = 600;
const known = new Map<string, Placeholder | null>();

/** A tiny blurred picture and its mean colour, from a base64 ThumbHash; null when it cannot be read. */
export function placeholder(hash: string | null): Placeholder | null {
  if (!hash) return null;
  const found = known.get(hash);
  if (found !== undefined) return found;
  const made = decode(hash);
  known.set(hash, made);
  if (known.size > MOST_KEPT) known.delete(known.keys().next().value as string);
  return made;
}

function decode(hash: string): Placeholder | null {
  try {
    const bytes = Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
    const { r, g, b } = thumbHashToAverageRGBA(bytes);
    const color = `rgb(${[r, g, b].map((part) => Math.round(part * 255)).join(" ")})`;
    return { image: thumbHashToDataURL(bytes), color };
  } catch {
    // A broken hash only costs the placeholder.
    return null;
  }
}

/** Decode while the browser has nothing else to do, so that cards which scroll into sight need not. */
export function decodeAhead(hashes: (string | null | undefined)[]): void {
  const waiting = hashes.filter((hash) => hash && !known.has(hash)) as string[];
  if (waiting.length === 0 || !("requestIdleCallback" in globalThis)) return;
  requestIdleCallback(function work(deadline) {
    while (waiting.length > 0 && deadline.timeRemaining() > 2) placeholder(waiting.shift() as string);
    if (waiting.length > 0) requestIdleCallback(work);
  });
}
