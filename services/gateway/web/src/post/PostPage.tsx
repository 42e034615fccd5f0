import { useEffect } from "react";
import { useLocation, useParams } from "react-router";
import type { Post } from "../api/types";
import { note } from "../data/interactions";
import { usePost } from "../data/posts";
import { useSession } from "../data/session";
import { toggleBookmark, toggleLike } from "../feed/actions";
import { remix } from "../feed/remix";
import { useKeys } from "../shell/keys";
import { text } from "../text/en";
import { Failure } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";
import { Album } from "./Album";
import { Comments } from "./Comments";
import { Lineage } from "./Lineage";
import { PostActions } from "./PostActions";
import { PostFacts } from "./PostFacts";
import styles from "./PostPage.module.css";
import { Related } from "./Related";

const DWELLED_AFTER_MS = 6000;

export function PostPage() {
  const { id = "" } = useParams();
  const known = useSession((session) => session.state !== "unknown");
  const post = usePost(id, known);
  const told = post.data && (post.data.caption || post.data.prompt || post.data.author.display_name);
  usePageTitle(post.isError ? text.errors.notFoundTitle : told);
  if (post.isError) return <Failure error={post.error} retry={() => void post.refetch()} />;
  if (!post.data) return <div className={styles.hold} role="status" aria-label={text.common.loading} />;
  return <PostView key={post.data.id} post={post.data} />;
}

function PostView({ post }: { post: Post }) {
  const { state } = useLocation();
  const feedContext = (state as { feedContext?: string } | null)?.feedContext ?? null;

  useEffect(() => {
    const facts = { post_id: post.id, feed_context: feedContext };
    note({ ...facts, event: "opened" });
    const timer = setTimeout(() => note({ ...facts, event: "dwelled" }), DWELLED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [post.id, feedContext]);

  useKeys({ l: () => toggleLike(post), b: () => toggleBookmark(post), r: () => remix(post) });

  return (
    <div className={styles.page}>
      <article className={styles.post}>
        <Album pictures={post.images} />
        <div className={styles.side}>
          <PostActions post={post} />
          <PostFacts post={post} />
          <Lineage post={post} />
          <Comments post={post} />
        </div>
      </article>
      <Related post={post} />
    </div>
  );
}
