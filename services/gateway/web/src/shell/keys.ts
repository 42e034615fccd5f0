import { useLayoutEffect, useRef } from "react";

type Handler = (event: KeyboardEvent) => void;
export type Keymap = Record<string, Handler>;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Whether the key is what presses the button, or opens the fold, that has the focus. */
function presses(key: string, target: EventTarget | null): boolean {
  return key === " " && target instanceof HTMLElement && /^(BUTTON|SUMMARY)$/.test(target.tagName);
}

/** Whether a dialog or menu has the keyboard now. */
function isCovered(): boolean {
  return document.querySelector('[role="dialog"][data-open], [role="menu"][data-open]') !== null;
}

/** Single-key shortcuts for as long as the component is there. They rest while somebody types or a dialog is open. */
export function useKeys(keymap: Keymap): void {
  const current = useRef(keymap);
  current.current = keymap;
  // Before the first frame: whoever sees the page can press its keys.
  useLayoutEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const handler = current.current[event.key];
      if (!handler || isTyping(event.target) || presses(event.key, event.target) || isCovered()) return;
      event.preventDefault();
      handler(event);
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
