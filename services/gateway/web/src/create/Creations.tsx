import { ImagePlus, ListChecks, SearchX } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { Generation } from "../api/types";
import { type GenerationFilter, isOver, useGenerations } from "../data/generations";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Failure, Message } from "../ui/Message";
import { useNearEnd } from "../ui/useNearEnd";
import { BulkBar } from "./BulkBar";
import styles from "./Creations.module.css";
import { GenerationCard } from "./GenerationCard";
import { follow } from "./jobs";

const SHOWN = ["all", "ready", "blocked", "failed"] as const;
const TYPING_PAUSE_MS = 250;

/** The part of one's pictures that an address asks for. */
function readFilter(params: URLSearchParams): GenerationFilter {
  const status = SHOWN.find((value) => value === params.get("show"));
  const q = params.get("q")?.trim().slice(0, 200);
  return { ...(status && status !== "all" && { status }), ...(q && { q }) };
}

/** Everything one has made, newest first: by state, by words, one by one or several at a time. */
export function Creations() {
  const [params] = useSearchParams();
  const filter = useMemo(() => readFilter(params), [params]);
  const list = useGenerations(filter);
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Generation> | null>(null);
  const end = useNearEnd(() => {
    if (list.hasNextPage && !list.isFetching) void list.fetchNextPage();
  });
  const filtered = Object.keys(filter).length > 0;

  useEffect(() => {
    // Whatever is still being made goes on being shown, also after a reload.
    for (const item of items) if (!isOver(item.status)) follow(item);
  }, [items]);

  function toggle(generation: Generation) {
    const next = new Map(chosen);
    if (!next.delete(generation.id)) next.set(generation.id, generation);
    setChosen(next);
  }

  if (list.isError && items.length === 0)
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isSuccess && items.length === 0 && !filtered) {
    return (
      <Message icon={<ImagePlus />} title={text.create.empty.title}>
        <p>{text.create.empty.text}</p>
      </Message>
    );
  }
  return (
    <section aria-label={text.nav.pictures}>
      <div className={styles.bar}>
        <Filters filter={filter} />
        <Button
          size="s"
          icon={<ListChecks />}
          aria-pressed={chosen !== null}
          onClick={() => setChosen(chosen ? null : new Map())}
        >
          {chosen ? text.common.done : text.creations.choose}
        </Button>
      </div>
      {list.isSuccess && items.length === 0 && <Message icon={<SearchX />} title={text.creations.none} />}
      <div className={styles.list}>
        {items.map((generation) => (
          <GenerationCard
            key={generation.id}
            generation={generation}
            chosen={chosen?.has(generation.id)}
            onChoose={() => toggle(generation)}
          />
        ))}
        <p ref={end} className={styles.end} role="status">
          {list.isFetching ? text.common.loading : ""}
        </p>
      </div>
      {chosen && chosen.size > 0 && (
        <BulkBar generations={[...chosen.values()]} onDone={() => setChosen(null)} />
      )}
    </section>
  );
}

function Filters({ filter }: { filter: GenerationFilter }) {
  const [, setParams] = useSearchParams();
  const [words, setWords] = useState(filter.q ?? "");

  useEffect(() => {
    if (words.trim() === (filter.q ?? "")) return;
    const timer = setTimeout(() => {
      setParams(
        (current) => {
          const next = new URLSearchParams(current);
          if (words.trim()) next.set("q", words.trim());
          else next.delete("q");
          return next;
        },
        { replace: true, preventScrollReset: true },
      );
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words, filter.q, setParams]);

  return (
    <>
      <Choice
        label={text.creations.filter}
        value={filter.status ?? "all"}
        options={SHOWN.map((value) => ({ value, label: text.creations[value] }))}
        onChange={(show) =>
          setParams(
            (current) => {
              const next = new URLSearchParams(current);
              if (show === "all") next.delete("show");
              else next.set("show", show);
              return next;
            },
            { replace: true, preventScrollReset: true },
          )
        }
      />
      <input
        type="search"
        className={styles.search}
        aria-label={text.creations.search}
        placeholder={text.creations.search}
        maxLength={200}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
    </>
  );
}
