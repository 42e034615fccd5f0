import { useCallback, useState } from "react";

/** A yes or no that this browser remembers. */
export function usePreference(name: string, initial: boolean): [boolean, (value: boolean) => void] {
  const key = `promptgram.${name}`;
  const [value, setValue] = useState(() => read(key, initial));
  const change = useCallback(
    (next: boolean) => {
      setValue(next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Storage can be forbidden: the choice then lasts as long as the page.
      }
    },
    [key],
  );
  return [value, change];
}

function read(key: string, initial: boolean): boolean {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return typeof stored === "boolean" ? stored : initial;
  } catch {
    return initial;
  }
}
