import { useEffect, useRef } from "react";

/** Calls back whenever the element comes within two screens of view. Put the returned ref on the end of a list. */
export function useNearEnd(onNear: () => void): (element: HTMLElement | null) => void {
  const latest = useRef(onNear);
  const observer = useRef<IntersectionObserver | null>(null);
  useEffect(() => {
    latest.current = onNear;
  });
  return useRef((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: "200% 0px",
    });
    observer.current.observe(element);
  }).current;
}
