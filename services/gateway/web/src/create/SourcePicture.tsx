import { X } from "lucide-react";
import { useId } from "react";
import type { Picture as PictureFacts } from "../api/types";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import { Picture } from "../ui/Picture";
import { useCreateDraft } from "./draft";
import styles from "./SourcePicture.module.css";

/** The picture to start from, and how far to go from it. */
export function SourcePicture({ source }: { source: PictureFacts }) {
  const id = useId();
  const strength = useCreateDraft((draft) => draft.strength);
  return (
    <div className={styles.source}>
      <div className={styles.picture}>
        <Picture picture={source} sizes="88px" />
      </div>
      <div className={styles.slider}>
        <label htmlFor={id}>{text.create.strength}</label>
        <input
          id={id}
          type="range"
          min={0.2}
          max={1}
          step={0.05}
          value={strength}
          aria-valuetext={`${text.create.close} ${Math.round((1 - strength) * 100)} %`}
          onChange={(event) => useCreateDraft.setState({ strength: Number(event.target.value) })}
        />
        <span className={styles.ends} aria-hidden>
          <span>{text.create.close}</span>
          <span>{text.create.wild}</span>
        </span>
      </div>
      <IconButton
        label={text.create.removeSource}
        onClick={() => useCreateDraft.setState({ source: undefined, remixOf: undefined })}
      >
        <X />
      </IconButton>
    </div>
  );
}
