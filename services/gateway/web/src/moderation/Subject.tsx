import { Link } from "react-router";
import type { QueueEntry } from "../api/types";
import { usePost } from "../data/posts";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Picture } from "../ui/Picture";
import styles from "./Subject.module.css";

interface Props {
  entry: QueueEntry;
  active: boolean;
  shown: boolean;
  onShow: () => void;
}

/** What a case is about, blurred and out of reach until it is asked for. */
export function Subject({ entry, active, shown, onShow }: Props) {
  return (
    <div className={styles.subject} data-shown={shown || undefined}>
      <div className={styles.matter} inert={!shown}>
        {entry.target_kind !== "post" && <Bare entry={entry} />}
        {entry.target_kind === "post" && (active || shown) && <ReportedPost entry={entry} />}
      </div>
      {!shown && (
        <Button size="s" look="outline" className={styles.show} onClick={onShow}>
          {text.moderation.show}
        </Button>
      )}
    </div>
  );
}

/** Pictures and words of a case as moderation has them, for what has no page that could be opened. */
function Bare({ entry }: { entry: QueueEntry }) {
  return (
    <>
      <Pictures entry={entry} />
      {entry.text && <p>{entry.text}</p>}
    </>
  );
}

function Pictures({ entry }: { entry: QueueEntry }) {
  if (entry.quarantined) return <p className={styles.away}>{text.moderation.quarantined}</p>;
  return (
    <ul className={styles.pictures}>
      {entry.pictures?.map((sources) => (
        <li key={sources.original}>
          <img src={sources.webp["320"]} alt={text.moderation.picture} width={160} loading="lazy" />
        </li>
      ))}
    </ul>
  );
}

/** A post that is open to moderators as to everybody is looked up; of one that is held, what moderation has is shown. */
function ReportedPost({ entry }: { entry: QueueEntry }) {
  const id = entry.target_id;
  const { data: post, isError } = usePost(id);
  if (isError)
    return entry.quarantined || entry.pictures?.length || entry.text ? (
      <Bare entry={entry} />
    ) : (
      <p className={styles.away}>{text.moderation.away}</p>
    );
  if (!post) return null;
  return (
    <>
      <ul className={styles.pictures}>
        {post.images.map((picture) => (
          <li key={picture.id}>
            <Picture picture={picture} sizes="160px" />
          </li>
        ))}
      </ul>
      {post.caption && <p>{post.caption}</p>}
      {post.prompt && <p className={styles.prompt}>{post.prompt}</p>}
      <Link to={`/post/${id}`} className={styles.open}>
        {text.moderation.openPost(post.author.username)}
      </Link>
    </>
  );
}
