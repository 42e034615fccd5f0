import { ImagePlus } from "lucide-react";
import { useEffect, useMemo } from "react";
import { isOver, useGenerations } from "../data/generations";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { Failure, Message } from "../ui/Message";
import { useNearEnd } from "../ui/useNearEnd";
import { usePageTitle } from "../ui/usePageTitle";
import { Composer } from "./Composer";
import styles from "./CreatePage.module.css";
import { GenerationCard } from "./GenerationCard";
import { follow } from "./jobs";

/** The composer, and everything one has made, newest first. */
export function CreatePage() {
  usePageTitle(text.nav.pictures);
  const signedIn = useSession((session) => session.state === "in");
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{text.create.title}</h1>
      <div className={styles.composer}>
        <Composer autoFocus={matchMedia("(hover: hover)").matches} />
      </div>
      {signedIn && <Generations />}
    </div>
  );
}

function Generations() {
  const list = useGenerations();
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const end = useNearEnd(() => {
    if (list.hasNextPage && !list.isFetching) void list.fetchNextPage();
  });

  useEffect(() => {
    // Whatever is still being made goes on being shown, also after a reload.
    for (const item of items) if (!isOver(item.status)) follow(item);
  }, [items]);

  if (list.isError && items.length === 0)
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isSuccess && items.length === 0) {
    return (
      <Message icon={<ImagePlus />} title={text.create.empty.title}>
        <p>{text.create.empty.text}</p>
      </Message>
    );
  }
  return (
    <div className={styles.list}>
      {items.map((generation) => (
        <GenerationCard key={generation.id} generation={generation} />
      ))}
      <p ref={end} className={styles.end} role="status">
        {list.isFetching ? text.common.loading : ""}
      </p>
    </div>
  );
}
