import { Bookmark, Heart, Images, MoreHorizontal, Shuffle } from "lucide-react";
import { lazy, memo, Suspense, useState } from "react";
import { Link } from "react-router";
import type { Post } from "../api/types";
import { text } from "../text/en";
import { count } from "../text/format";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/Button";
import { Picture } from "../ui/Picture";
import { toggleBookmark, toggleLike } from "./actions";
import styles from "./PostCard.module.css";
import { remix } from "./remix";
import { useSeen } from "./seen";

const CardMenu = lazy(() => import("./CardMenu"));

/** Height of what stands under the picture, in pixels. The masonry counts on it. */
export const CAPTION_HEIGHT = 52;

interface Props {
  post: Post;
  width: number;
  eager?: boolean;
  active?: boolean;
  /** A few words under the author: why it is here, or what matched. */
  note?: string | undefined;
  /** The same in a whole sentence, where the few words are not one. */
  noteTitle?: string | undefined;
  feedContext?: string | null;
}

export const PostCard = memo(function PostCard({
  post,
  width,
  eager,
  active,
  note,
  noteTitle,
  feedContext = null,
}: Props) {
  const [menu, setMenu] = useState(false);
  const seen = useSeen(post.id, feedContext);
  const cover = post.images[0];
  const author = post.author;
  const to = `/post/${post.id}`;
  return (
    <article ref={seen} className={styles.card} data-post={post.id} data-active={active || undefined}>
      <div className={styles.frame}>
        <Link to={to} className={styles.link} state={{ feedContext }}>
          {cover && <Picture picture={cover} sizes={`${Math.ceil(width)}px`} eager={eager ?? false} />}
        </Link>
        {post.images.length > 1 && (
          <span className={styles.album}>
            <Images aria-hidden />
            {post.images.length}
          </span>
        )}
        <div className={styles.over}>
          {post.prompt && <p className={styles.prompt}>{post.prompt}</p>}
          <div className={styles.actions}>
            <IconButton over label={text.post.remix} onClick={() => remix(post)}>
              <Shuffle />
            </IconButton>
            <IconButton
              over
              label={post.viewer.bookmarked ? text.post.unbookmark : text.post.bookmark}
              pressed={post.viewer.bookmarked}
              onClick={() => toggleBookmark(post)}
            >
              <Bookmark fill={post.viewer.bookmarked ? "currentColor" : "none"} />
            </IconButton>
          </div>
        </div>
        <div className={styles.menu}>
          {menu ? (
            <Suspense fallback={null}>
              <CardMenu post={post} feedContext={feedContext} />
            </Suspense>
          ) : (
            <IconButton over label={text.post.menu} aria-haspopup="menu" onClick={() => setMenu(true)}>
              <MoreHorizontal />
            </IconButton>
          )}
        </div>
      </div>
      <footer className={styles.foot}>
        <Link to={`/u/${author.username}`} className={styles.author}>
          <Avatar person={author} />
          <span className={styles.who}>
            <span className={styles.name}>{author.display_name}</span>
            {note && (
              <span className={styles.note} title={noteTitle ?? note}>
                {note}
              </span>
            )}
          </span>
        </Link>
        <button
          type="button"
          className={styles.like}
          aria-pressed={post.viewer.liked}
          aria-label={`${post.viewer.liked ? text.post.unlike : text.post.like}, ${text.post.likes(post.counts.likes)}`}
          onClick={() => toggleLike(post)}
        >
          <Heart aria-hidden fill={post.viewer.liked ? "currentColor" : "none"} />
          {post.counts.likes > 0 && count(post.counts.likes)}
        </button>
      </footer>
    </article>
  );
});
