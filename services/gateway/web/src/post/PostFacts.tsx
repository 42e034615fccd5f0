import { ClipboardCopy, Dices, Layers, Quote } from "lucide-react";
import { Link } from "react-router";
import type { Post } from "../api/types";
import { useMe } from "../data/session";
import { copy } from "../feed/actions";
import { reuse } from "../feed/remix";
import { FollowButton } from "../profile/FollowButton";
import { text } from "../text/en";
import { ago, exactTime } from "../text/format";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { HeldNote } from "./HeldNote";
import styles from "./PostFacts.module.css";

export function PostFacts({ post }: { post: Post }) {
  const me = useMe();
  const { author } = post;
  const cover = post.images[0];
  return (
    <>
      <header className={styles.author}>
        <Link to={`/u/${author.username}`} className={styles.person}>
          <Avatar person={author} size={44} />
          <span className={styles.who}>
            <strong>{author.display_name}</strong>
            <span>@{author.username}</span>
          </span>
        </Link>
        {me?.id !== author.id && <FollowButton username={author.username} />}
      </header>
      <HeldNote post={post} />
      {(post.caption || post.tags.length > 0) && (
        <div className={styles.caption}>
          {post.caption && <h1>{post.caption}</h1>}
          {post.tags.length > 0 && (
            <ul className={styles.tags}>
              {post.tags.map((tag) => (
                <li key={tag}>
                  <Link to={`/search?q=${encodeURIComponent(tag)}`}>#{tag}</Link>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <section className={styles.prompt} aria-label={text.post.prompt}>
        {post.prompt ? (
          <>
            <div className={styles.words}>
              <p>{post.prompt}</p>
              <IconButton
                label={text.post.copyPrompt}
                onClick={() => void copy(post.prompt ?? "", text.common.copied)}
              >
                <ClipboardCopy />
              </IconButton>
            </div>
            <div className={styles.reuse}>
              <Button size="s" icon={<Quote />} onClick={() => reuse(post, "prompt")}>
                {text.post.usePrompt}
              </Button>
              <Button size="s" icon={<Dices />} onClick={() => reuse(post, "seed")}>
                {text.post.useSeed}
              </Button>
              <Button size="s" icon={<Layers />} onClick={() => reuse(post, "all")}>
                {text.post.useAll}
              </Button>
            </div>
          </>
        ) : (
          <p className={styles.quiet}>{text.post.promptHidden}</p>
        )}
        <dl className={styles.facts}>
          <div>
            <dt>{text.post.model}</dt>
            <dd>{post.model}</dd>
          </div>
          <div>
            <dt>{text.post.seed}</dt>
            <dd>{post.seed}</dd>
          </div>
          {cover && (
            <div>
              <dt>{text.post.size}</dt>
              <dd>
                {cover.width} × {cover.height}
              </dd>
            </div>
          )}
          <div>
            <dt>{text.post.made}</dt>
            <dd>
              <time dateTime={post.created_at} title={exactTime(post.created_at)}>
                {ago(post.created_at)}
              </time>
              {post.edited_at && ` · ${text.post.edited}`}
              {post.visibility !== "public" && ` · ${text.post.visibility[post.visibility]}`}
            </dd>
          </div>
        </dl>
      </section>
    </>
  );
}
