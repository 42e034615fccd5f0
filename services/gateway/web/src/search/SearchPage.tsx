import { SearchX, Sparkles } from "lucide-react";
import { type ReactNode, useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { SearchHit } from "../api/types";
import { useSearch } from "../data/search";
import { isHidden, useHidden } from "../feed/feedback";
import { type Layout, pictureHeight } from "../feed/layout";
import { Masonry } from "../feed/Masonry";
import { MasonrySkeleton } from "../feed/MasonrySkeleton";
import { CAPTION_HEIGHT, PostCard } from "../feed/PostCard";
import { openComposer } from "../shell/overlays";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Failure, Message } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";
import { readFilters } from "./filters";
import { SearchFilterBar } from "./SearchFilterBar";
import styles from "./SearchPage.module.css";

const keyOf = (hit: SearchHit) => hit.post.id;

function heightOf(hit: SearchHit, layout: Layout): number {
  return pictureHeight(hit.post.images[0] ?? { width: 1, height: 1 }, layout.columnWidth) + CAPTION_HEIGHT;
}

function matchedBy(hit: SearchHit): string | undefined {
  return hit.matched.map((signal) => text.search.matched[signal]).join(" · ") || undefined;
}

export function SearchPage() {
  const [params] = useSearchParams();
  const filters = useMemo(() => readFilters(params), [params]);
  const asked = filters.q !== "" || filters.from !== undefined;
  usePageTitle(filters.q || text.search.title);
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{text.search.title}</h1>
      <SearchFilterBar filters={filters} />
      {asked ? (
        <Results filters={filters} />
      ) : (
        <Message icon={<Sparkles />} title={text.search.start.title}>
          <p>{text.search.start.text}</p>
        </Message>
      )}
    </div>
  );
}

function Results({ filters }: { filters: ReturnType<typeof readFilters> }) {
  const search = useSearch(filters);
  const hidden = useHidden();
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = search;
  const hits = useMemo(
    () => (data?.pages.flatMap((page) => page.items) ?? []).filter((hit) => !isHidden(hit.post, hidden)),
    [data, hidden],
  );
  const near = useMemo(() => hits.filter((hit) => !hit.less_related), [hits]);
  const far = useMemo(() => hits.filter((hit) => hit.less_related), [hits]);
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);

  if (search.isPending) return <MasonrySkeleton />;
  if (isError && hits.length === 0)
    return <Failure error={search.error} retry={() => void search.refetch()} />;
  if (hits.length === 0) return <NothingFound q={filters.q} />;

  const grid = (items: SearchHit[], label: string): ReactNode => (
    <Masonry
      label={label}
      items={items}
      keyOf={keyOf}
      heightOf={heightOf}
      onNearEnd={onNearEnd}
      render={(hit, layout, index) => (
        <PostCard
          post={hit.post}
          width={layout.columnWidth}
          eager={index < layout.columns * 2}
          note={matchedBy(hit)}
          noteTitle={text.search.matchedBy(hit.matched.map((signal) => text.search.matched[signal]))}
        />
      )}
    />
  );
  return (
    <div className={styles.results} data-stale={search.isPlaceholderData || undefined}>
      <p className="visually-hidden" role="status">
        {isFetching ? text.search.working : text.search.found(hits.length)}
      </p>
      {near.length > 0 && grid(near, text.search.title)}
      {far.length > 0 && (
        <>
          <h2 className={styles.line}>
            <span>{near.length > 0 ? text.search.lessRelated : text.search.onlyFar}</span>
          </h2>
          {grid(far, text.search.lessRelated)}
        </>
      )}
    </div>
  );
}

function NothingFound({ q }: { q: string }) {
  return (
    <Message
      icon={<SearchX />}
      title={text.search.none(q)}
      action={
        q && (
          <Button look="primary" onClick={() => openComposer({ prompt: q })}>
            {text.search.paint(q)}
          </Button>
        )
      }
    >
      <p>{text.search.noneText}</p>
    </Message>
  );
}
