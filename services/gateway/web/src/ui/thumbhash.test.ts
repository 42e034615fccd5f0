import { rgbaToThumbHash } from "thumbhash";
import { expect, test, vi } from "vitest";
import { decodeAhead, placeholder } from "./thumbhash";

function hashOf(red: number, blue = 0): string {
  const pixels = new Uint8Array(4 * 4 * 4).map((_, at) => [red, 0, blue, 255][at % 4] as number);
  return btoa(String.fromCharCode(...rgbaToThumbHash(4, 4, pixels)));
}

test("a hash is a blurred picture with its mean colour, and rubbish is none", () => {
  expect(placeholder(hashOf(255))?.image).toMatch(/^data:image\/png;base64,/);
  expect(placeholder(hashOf(255))?.color).toMatch(/^rgb\(2\d\d \d+ \d+\)$/);
  for (const rubbish of [null, "", "%", "é"]) expect(placeholder(rubbish)).toBeNull();
});

test("what waits is decoded in idle time, as far as the time goes", () => {
  const idle: IdleRequestCallback[] = [];
  vi.stubGlobal("requestIdleCallback", (work: IdleRequestCallback) => idle.push(work));
  const hashes = [hashOf(10), hashOf(60), hashOf(110), null];
  decodeAhead(hashes);
  let left = 2;
  idle.shift()?.({ didTimeout: false, timeRemaining: () => (left-- > 0 ? 10 : 0) });
  expect(idle).toHaveLength(1);
  idle.shift()?.({ didTimeout: false, timeRemaining: () => 10 });
  expect(idle).toHaveLength(0);
  decodeAhead(hashes);
  expect(idle).toHaveLength(0);
});
