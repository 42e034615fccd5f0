import { text } from "../text/en";
import styles from "./MasonrySkeleton.module.css";

const SHAPES = ["a", "b", "c", "b", "a", "c", "c", "a", "b", "a", "b", "c"];

/** The shape of a feed that has not come yet. */
export function MasonrySkeleton() {
  return (
    <div className={styles.grid} role="status" aria-label={text.common.loading}>
      {SHAPES.map((shape, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
        <div key={index} className={styles.card} data-shape={shape} />
      ))}
    </div>
  );
}
