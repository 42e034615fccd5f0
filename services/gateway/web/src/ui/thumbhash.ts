import { thumbHashToAverageRGBA, thumbHashToDataURL } from "thumbhash";

export interface Placeholder {
  image: string;
  color: string;
}

const known = new Map<string, Placeholder | null>();

/** A tiny blurred picture and its mean colour, from a base64 ThumbHash; null when it cannot be read. */
export function placeholder(hash: string | null): Placeholder | null {
  if (!hash) return null;
  const found = known.get(hash);
  if (found !== undefined) return found;
  let made: Placeholder | null = null;
  try {
    const bytes = Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
    const { r, g, b } = thumbHashToAverageRGBA(bytes);
    const color = `rgb(${[r, g, b].map((part) => Math.round(part * 255)).join(" ")})`;
    made = { image: thumbHashToDataURL(bytes), color };
  } catch {
    // A broken hash only costs the placeholder.
  }
  known.set(hash, made);
  return made;
}
