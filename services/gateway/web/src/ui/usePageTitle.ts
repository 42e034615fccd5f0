import { useEffect } from "react";
import { text } from "../text/en";

export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · ${text.name}` : text.name;
  }, [title]);
}
