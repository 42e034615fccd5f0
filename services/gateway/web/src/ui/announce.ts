import { create } from "zustand";

/** News for screen readers only, in a polite live region. */
export const useAnnouncement = create<{ message: string }>(() => ({ message: "" }));

export function announce(message: string): void {
  useAnnouncement.setState({ message });
}
