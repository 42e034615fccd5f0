import { CornerDownRight, GitBranch } from "lucide-react";
import { Link } from "react-router";
import type { Post } from "../api/types";
import { usePost } from "../data/posts";
import { text } from "../text/en";
import { Picture } from "../ui/Picture";
import styles from "./Lineage.module.css";

/** Where a remix comes from: the picture it was made of, and the one with which the chain began. */
export function Lineage({ post }: { post: Post }) {
  if (!post.parent_id) return null;
  const fromRoot = post.root_id && post.root_id !== post.parent_id && post.root_id !== post.id;
  return (
    <section className={styles.lineage} aria-label={text.post.remixTree}>
      {fromRoot && <Ancestor id={post.root_id as string} label={text.post.root} />}
      <Ancestor id={post.parent_id} label={text.post.remixOf} nested={Boolean(fromRoot)} />
    </section>
  );
}

function Ancestor({ id, label, nested = false }: { id: string; label: string; nested?: boolean }) {
  const { data, isError } = usePost(id);
  const cover = data?.images[0];
  const icon = nested ? <CornerDownRight aria-hidden /> : <GitBranch aria-hidden />;
  if (isError) {
    return (
      <p className={styles.ancestor}>
        {icon}
        {label} {text.post.parentGone}
      </p>
    );
  }
  return (
    <Link to={`/post/${id}`} className={styles.ancestor} data-nested={nested || undefined}>
      {icon}
      <span className={styles.thumb}>{cover && <Picture picture={cover} sizes="40px" alt="" />}</span>
      <span>
        {label} <strong>{data ? data.caption || data.prompt || `@${data.author.username}` : "…"}</strong>
      </span>
    </Link>
  );
}
