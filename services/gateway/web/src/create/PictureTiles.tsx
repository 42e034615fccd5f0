import { Check, EyeOff } from "lucide-react";
import type { Generation, PictureInMaking } from "../api/types";
import { isOver, readyPictures } from "../data/generations";
import { text } from "../text/en";
import { Picture } from "../ui/Picture";
import type { Job } from "./jobs";
import styles from "./PictureTiles.module.css";

interface Props {
  generation: Generation;
  job: Job | undefined;
  /** Null is all of them. */
  selected: ReadonlySet<string> | null;
  onToggle: (id: string) => void;
}

/** Up to four pictures side by side; a place is kept for each that is still coming. */
export function PictureTiles({ generation, job, selected, onToggle }: Props) {
  const shown = generation.images.filter((image) => image.status !== "pending");
  const coming = isOver(generation.status) ? 0 : Math.max(0, generation.n - shown.length);
  const ready = readyPictures(generation);
  const several = ready.length > 1;
  const ratio = ready[0] ? `${ready[0].width} / ${ready[0].height}` : generation.aspect.replace(":", " / ");
  return (
    <ul className={styles.tiles} data-count={shown.length + coming}>
      {shown.map((image, index) => (
        <li key={image.id} className={styles.tile} style={{ aspectRatio: ratio }}>
          <Tile
            image={image}
            index={index}
            picked={several ? (selected?.has(image.id) ?? true) : undefined}
            onToggle={onToggle}
          />
        </li>
      ))}
      {Array.from({ length: coming }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places to come have no id yet
        <li key={index} className={styles.tile} style={{ aspectRatio: ratio }}>
          <Coming job={job} />
        </li>
      ))}
    </ul>
  );
}

interface TileProps {
  image: PictureInMaking;
  index: number;
  /** Undefined when there is nothing to choose from. */
  picked: boolean | undefined;
  onToggle: (id: string) => void;
}

function Tile({ image, index, picked, onToggle }: TileProps) {
  if (image.status !== "ready") {
    return (
      <span className={styles.withheld}>
        <EyeOff aria-hidden />
        {text.create.blockedPictures(1)}
      </span>
    );
  }
  const picture = <Picture picture={image} sizes="(min-width: 48rem) 320px, 50vw" />;
  if (picked === undefined) return picture;
  return (
    <label className={styles.pick} data-picked={picked || undefined}>
      {picture}
      <input
        type="checkbox"
        className="visually-hidden"
        aria-label={text.create.select(index + 1)}
        checked={picked}
        onChange={() => onToggle(image.id)}
      />
      <span className={styles.tick} aria-hidden>
        <Check />
      </span>
    </label>
  );
}

function Coming({ job }: { job: Job | undefined }) {
  const progress = job?.progress ?? null;
  return (
    <span className={styles.coming} data-busy={job?.generation.status !== "queued" || undefined}>
      {job?.preview && <img src={job.preview} alt="" />}
      <progress
        className={styles.progress}
        aria-label={text.create.running}
        max={1}
        {...(progress !== null && { value: progress })}
      />
    </span>
  );
}
