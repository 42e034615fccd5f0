import type { Post } from "../api/types";
import { type PostListSource, usePostList } from "../data/posts";
import { PostGrid } from "../feed/PostGrid";
import { text } from "../text/en";
import styles from "./Related.module.css";

/** What was made from a post, and what looks like it. Neither is worth an error of its own. */
export function Related({ post }: { post: Post }) {
  return (
    <>
      {post.counts.remixes > 0 && (
        <Shelf title={text.post.remixes} source={{ kind: "remixes", id: post.id }} />
      )}
      <Shelf title={text.post.similar} source={{ kind: "similar", id: post.id }} />
    </>
  );
}

function Shelf({ title, source }: { title: string; source: PostListSource }) {
  const list = usePostList(source);
  const posts = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (posts.length === 0) return null;
  return (
    <section className={styles.shelf} aria-label={title}>
      <h2>{title}</h2>
      <PostGrid label={title} list={list} />
    </section>
  );
}
