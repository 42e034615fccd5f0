import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Page, Post } from "../api/types";
import { isHidden, useHidden } from "./feedback";
import { type Layout, pictureHeight } from "./layout";
import { Masonry } from "./Masonry";
import { CAPTION_HEIGHT, PostCard } from "./PostCard";

const keyOf = (post: Post) => post.id;

function heightOf(post: Post, layout: Layout): number {
  return pictureHeight(post.images[0] ?? { width: 1, height: 1 }, layout.columnWidth) + CAPTION_HEIGHT;
}

interface Props {
  label: string;
  list: UseInfiniteQueryResult<InfiniteData<Page<Post>>>;
}

/** A list of posts as a masonry that loads more as its end comes near. */
export function PostGrid({ label, list }: Props) {
  const hidden = useHidden();
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = list;
  const posts = useMemo(
    () => (data?.pages.flatMap((page) => page.items) ?? []).filter((post) => !isHidden(post, hidden)),
    [data, hidden],
  );
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  return (
    <Masonry
      label={label}
      items={posts}
      keyOf={keyOf}
      heightOf={heightOf}
      onNearEnd={onNearEnd}
      render={(post, layout) => <PostCard post={post} width={layout.columnWidth} />}
    />
  );
}
