import type { Visibility } from "../api/types";
import { text } from "../text/en";
import styles from "./VisibilityChoice.module.css";

const LEVELS: Visibility[] = ["public", "followers", "unlisted", "private"];

export function VisibilityChoice({
  value,
  onChange,
}: {
  value: Visibility;
  onChange: (value: Visibility) => void;
}) {
  return (
    <fieldset className={styles.levels}>
      <legend>{text.publish.visibility}</legend>
      {LEVELS.map((level) => (
        <label key={level} className={styles.level}>
          <input
            type="radio"
            name="visibility"
            className="visually-hidden"
            checked={value === level}
            onChange={() => onChange(level)}
          />
          <strong>{text.post.visibility[level]}</strong>
          <span>{text.publish.visibilityHint[level]}</span>
        </label>
      ))}
    </fieldset>
  );
}
