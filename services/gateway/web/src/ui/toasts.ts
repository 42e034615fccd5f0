import { create } from "zustand";

export interface Toast {
  id: number;
  message: string;
  action?: { label: string; run: () => void };
  tone?: "plain" | "bad";
}

const SHOWN_MS = 6000;
/** With something to press it stays longer: an Undo has to be read, decided and reached. */
const SHOWN_TO_PRESS_MS = 12_000;
const MOST = 3;
let counter = 0;

export const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

export function toast(message: string, options: Omit<Toast, "id" | "message"> = {}): number {
  counter += 1;
  const id = counter;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, message, ...options }].slice(-MOST) }));
  return id;
}

export function dismiss(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((item) => item.id !== id) }));
}

/** How long a message stays that nobody points at. */
export function shownMs(item: Toast): number {
  return item.action ? SHOWN_TO_PRESS_MS : SHOWN_MS;
}
