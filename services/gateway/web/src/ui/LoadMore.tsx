import type { ComponentProps } from "react";
import { text } from "../text/en";
import { Button } from "./Button";

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  size?: ComponentProps<typeof Button>["size"];
}

/** Fetches a list's next page, where there is one. */
export function LoadMore({ list, size }: Props) {
  if (!list.hasNextPage) return null;
  return (
    <Button size={size} busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      {text.common.loadMore}
    </Button>
  );
}
