import { create } from "zustand";

/** Whether somebody has just signed up and may be asked for their taste. */
export const useOnboarding = create<{ due: boolean }>(() => ({ due: false }));
