import { useState } from "react";
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
        {entry.image_hash && <KnownPicture hash={entry.image_hash} />}
        {entry.text && <p>{entry.text}</p>}
        {entry.target_kind === "post" && (active || shown) && <ReportedPost id={entry.target_id} />}
      </div>
      {!shown && (
        <Button size="s" look="outline" className={styles.show} onClick={onShow}>
          {text.moderation.show}
        </Button>
      )}
    </div>
  );
}

function KnownPicture({ hash }: { hash: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <p className={styles.away}>{text.moderation.away}</p>;
  return (
    <img src={`/media/${hash}/320.webp`} alt="" width={240} loading="lazy" onError={() => setBroken(true)} />
  );
}

/** The queue tells only which post was reported, so the post itself is looked up. */
function ReportedPost({ id }: { id: string }) {
  const { data: post, isError } = usePost(id);
  if (isError) return <p className={styles.away}>{text.moderation.away}</p>;
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
