import { lazy, Suspense, useState } from "react";
import type { Generation } from "../api/types";
import { isOver, readyPictures } from "../data/generations";
import { useStatus } from "../data/models";
import { text } from "../text/en";
import { ago, exactTime } from "../text/format";
import { BlockedNote } from "./BlockedNote";
import styles from "./GenerationCard.module.css";
import { GenerationTools } from "./GenerationTools";
import { type Job, useJobs } from "./jobs";
import { PictureTiles } from "./PictureTiles";

const PublishDialog = lazy(() => import("./PublishDialog"));

interface Props {
  generation: Generation;
  compact?: boolean;
  /** Whether it is ticked for a bulk action; undefined while none is being chosen for. */
  chosen?: boolean | undefined;
  onChoose?: () => void;
}

/** One prompt and its pictures, from waiting in line to being published. */
export function GenerationCard({ generation: stored, compact = false, chosen, onChoose }: Props) {
  const job = useJobs((state) => state.jobs[stored.id]);
  const generation = job?.generation ?? stored;
  const ready = readyPictures(generation);
  const [selected, setSelected] = useState<ReadonlySet<string> | null>(null);
  const [publishing, setPublishing] = useState(false);
  const picked = ready.filter((image) => selected?.has(image.id) ?? true);
  const withheld = generation.images.filter((image) => image.status === "blocked").length;

  function toggle(id: string) {
    const next = new Set(selected ?? ready.map((image) => image.id));
    if (next.has(id)) next.delete(id);
    else next.add(id);
    setSelected(next);
  }

  return (
    <article className={styles.card} data-compact={compact || undefined}>
      <header className={styles.head}>
        {chosen !== undefined && (
          <input
            type="checkbox"
            className={styles.choose}
            aria-label={text.creations.chooseOne(generation.prompt)}
            checked={chosen}
            onChange={onChoose}
          />
        )}
        <p className={styles.prompt}>{generation.prompt}</p>
        <p className={styles.meta}>
          {isOver(generation.status) ? (
            <time dateTime={generation.created_at} title={exactTime(generation.created_at)}>
              {ago(generation.created_at)}
            </time>
          ) : (
            <JobState generation={generation} job={job} />
          )}
        </p>
      </header>
      {generation.status === "blocked" || generation.status === "failed" ? (
        <BlockedNote generation={generation} />
      ) : generation.status === "canceled" ? (
        <p className={styles.quiet}>{text.create.status.canceled}</p>
      ) : (
        <PictureTiles generation={generation} job={job} selected={selected} onToggle={toggle} />
      )}
      {generation.status === "ready" && withheld > 0 && (
        <p className={styles.quiet}>{text.create.blockedPictures(withheld)}</p>
      )}
      <GenerationTools generation={generation} chosen={picked} onPublish={() => setPublishing(true)} />
      {publishing && (
        <Suspense fallback={null}>
          <PublishDialog prompt={generation.prompt} pictures={picked} onClose={() => setPublishing(false)} />
        </Suspense>
      )}
    </article>
  );
}

function JobState({ generation, job }: { generation: Generation; job: Job | undefined }) {
  const { status, queue } = generation;
  if (status === "queued") return <Queued position={queue?.position ?? null} ms={queue?.eta_ms ?? null} />;
  if (status === "running" && job?.progress)
    return `${text.create.status.running}, ${Math.round(job.progress * 100)} %`;
  return status === "running" ? text.create.status.running : text.create.status.checking;
}

const LOOK_EVERY_MS = 5000;

/** The place in line, and what else takes the time: a painter that has to wake up first. */
function Queued({ position, ms }: { position: number | null; ms: number | null }) {
  const model = useStatus(LOOK_EVERY_MS).data?.model;
  if (!model || model.state === "warm") return text.create.status.queued(position, ms);
  return text.create.status.waking(position, ms ?? model.eta_ms);
}
