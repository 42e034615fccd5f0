import { Compass, ImagePlus, Users } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import type { FeedEntry, FeedMode } from "../api/types";
import { refreshFeed, useFeed, useNewCount } from "../data/feed";
import { openComposer } from "../shell/overlays";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Failure, Message } from "../ui/Message";
import styles from "./Feed.module.css";
import { isHidden, setHorizon, useHidden } from "./feedback";
import type { Layout } from "./layout";
import { pictureHeight } from "./layout";
import { Masonry } from "./Masonry";
import { MasonrySkeleton } from "./MasonrySkeleton";
import { CAPTION_HEIGHT, PostCard } from "./PostCard";
import { useFeedKeys } from "./useFeedKeys";

const keyOf = (entry: FeedEntry) => entry.post.id;

function heightOf(entry: FeedEntry, layout: Layout): number {
  const cover = entry.post.images[0] ?? { width: 1, height: 1 };
  return pictureHeight(cover, layout.columnWidth) + CAPTION_HEIGHT;
}

/** Flat, without repeats, and without what was sent away. */
function useEntries(pages: { items: FeedEntry[] }[] | undefined): FeedEntry[] {
  const hidden = useHidden();
  return useMemo(() => {
    const unique = new Map<string, FeedEntry>();
    for (const entry of pages?.flatMap((page) => page.items) ?? []) {
      if (!unique.has(entry.post.id) && !isHidden(entry.post, hidden)) unique.set(entry.post.id, entry);
    }
    return [...unique.values()];
  }, [pages, hidden]);
}

export function Feed({ mode, single }: { mode: FeedMode; single: boolean }) {
  const feed = useFeed(mode);
  const fresh = useNewCount(mode);
  const entries = useEntries(feed.data?.pages);
  const [active, setActive] = useState(-1);
  const reveal = useRef<(index: number) => void>(() => {});
  const { hasNextPage, isFetching, isError, fetchNextPage } = feed;

  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);

  const keepReveal = useCallback((scrollTo: (index: number) => void) => {
    reveal.current = scrollTo;
  }, []);

  useFeedKeys({ entries, active, setActive, reveal });
  useEffect(() => {
    setHorizon((id) => {
      const element = document.querySelector(`[data-post="${CSS.escape(id)}"]`);
      if (element) return element.getBoundingClientRect().top > innerHeight;
      const lastShown = entries.findLastIndex((entry) =>
        document.querySelector(`[data-post="${entry.post.id}"]`),
      );
      return entries.findIndex((entry) => entry.post.id === id) > lastShown;
    });
    return () => setHorizon(() => false);
  }, [entries]);

  if (feed.isPending) return <MasonrySkeleton />;
  if (feed.isError && entries.length === 0)
    return <Failure error={feed.error} retry={() => void feed.refetch()} />;
  if (entries.length === 0 && !hasNextPage) return <EmptyFeed mode={mode} />;
  return (
    <>
      {fresh > 0 && (
        <div className={styles.pill}>
          <Button
            look="primary"
            onClick={() => {
              scrollTo({ top: 0 });
              void refreshFeed(mode);
            }}
          >
            {text.feed.fresh(fresh)}
          </Button>
        </div>
      )}
      <Masonry
        label={text.feed.tabs[mode]}
        items={entries}
        keyOf={keyOf}
        heightOf={heightOf}
        single={single}
        onNearEnd={onNearEnd}
        reveal={keepReveal}
        render={(entry, layout, index) => (
          <PostCard
            post={entry.post}
            width={layout.columnWidth}
            eager={index < layout.columns * 2}
            active={index === active}
            note={entry.reasons[0]?.text}
            feedContext={entry.feed_context}
          />
        )}
      />
      <FeedEnd
        busy={feed.isFetchingNextPage}
        failed={isError ? <Failure error={feed.error} retry={() => void fetchNextPage()} /> : null}
        ended={!hasNextPage}
        onward={mode !== "explore"}
      />
    </>
  );
}

interface EndProps {
  busy: boolean;
  failed: ReactNode;
  ended: boolean;
  /** Whether there is a wider feed to go on with. */
  onward: boolean;
}

function FeedEnd({ busy, failed, ended, onward }: EndProps) {
  const [, setParams] = useSearchParams();
  if (failed) return failed;
  return (
    <div className={styles.end}>
      <p role="status">{busy ? text.common.loading : ended ? text.common.end : ""}</p>
      {ended && onward && (
        <Button onClick={() => setParams({ feed: "explore" })}>{text.feed.lookAround}</Button>
      )}
    </div>
  );
}

function EmptyFeed({ mode }: { mode: FeedMode }) {
  const [, setParams] = useSearchParams();
  const words = text.feed.empty[mode];
  const icon = { for_you: <Compass />, following: <Users />, explore: <ImagePlus /> }[mode];
  const action =
    mode === "explore" ? (
      <Button look="primary" onClick={() => openComposer()}>
        {text.nav.create}
      </Button>
    ) : (
      <Button look="primary" onClick={() => setParams({ feed: "explore" })}>
        {text.feed.lookAround}
      </Button>
    );
  return (
    <Message icon={icon} title={words.title} action={action}>
      <p>{words.text}</p>
    </Message>
  );
}
