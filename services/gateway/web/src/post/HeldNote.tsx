import type { Post } from "../api/types";
import { Appeal } from "../create/BlockedNote";
import styles from "../create/BlockedNote.module.css";
import { text } from "../text/en";

/** Why others do not see one's post, and what can be done. */
export function HeldNote({ post }: { post: Post }) {
  if (post.moderation === "allow") return null;
  return (
    <div className={styles.note} role="status">
      <p className={styles.title}>{text.post.onlyYou}</p>
      <p>{post.decision?.reason ?? text.post.wordsWait}</p>
      {post.decision && <Appeal decisionId={post.decision.id} />}
    </div>
  );
}
