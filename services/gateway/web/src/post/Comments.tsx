import { Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import type { Comment, Post } from "../api/types";
import { deleteComment, useAddComment, useComments } from "../data/comments";
import { useMe } from "../data/session";
import { attempt } from "../feed/actions";
import { asSomebody, openAuth } from "../shell/overlays";
import { text } from "../text/en";
import { ago, exactTime } from "../text/format";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { LoadMore } from "../ui/LoadMore";
import { explain, Failure } from "../ui/Message";
import { toast } from "../ui/toasts";
import styles from "./Comments.module.css";
import { thread } from "./thread";

export function Comments({ post }: { post: Post }) {
  const comments = useComments(post.id);
  const [replyTo, setReplyTo] = useState<Comment | null>(null);
  const items = useMemo(
    () => thread(comments.data?.pages.flatMap((page) => page.items) ?? []),
    [comments.data],
  );
  return (
    <section className={styles.section} aria-labelledby="comments">
      <h2 id="comments" className={styles.title}>
        {text.post.commentsTitle}
      </h2>
      {comments.isError && <Failure error={comments.error} retry={() => void comments.refetch()} />}
      {comments.isSuccess && items.length === 0 && <p className={styles.quiet}>{text.post.noComments}</p>}
      <ol className={styles.list}>
        {items.map(({ comment, isReply }) => (
          <CommentRow key={comment.id} post={post} comment={comment} isReply={isReply} onReply={setReplyTo} />
        ))}
      </ol>
      <LoadMore list={comments} size="s" />
      <CommentForm post={post} replyTo={replyTo} onDone={() => setReplyTo(null)} />
    </section>
  );
}

interface RowProps {
  post: Post;
  comment: Comment;
  isReply: boolean;
  onReply: (comment: Comment) => void;
}

function CommentRow({ post, comment, isReply, onReply }: RowProps) {
  const me = useMe();
  const mayDelete = me && (me.id === comment.author.id || me.id === post.author.id || me.role !== "person");
  return (
    <li className={styles.comment} data-reply={isReply || undefined}>
      <Link to={`/u/${comment.author.username}`} tabIndex={-1} aria-hidden>
        <Avatar person={comment.author} size={isReply ? 24 : 32} />
      </Link>
      <div className={styles.body}>
        <p className={styles.words}>
          <Link to={`/u/${comment.author.username}`} className={styles.name}>
            {comment.author.display_name}
          </Link>{" "}
          {comment.text}
        </p>
        <p className={styles.meta}>
          <time dateTime={comment.created_at} title={exactTime(comment.created_at)}>
            {ago(comment.created_at)}
          </time>
          {comment.moderation !== "allow" && <span>{text.post.held}</span>}
          {!isReply && (
            <button type="button" onClick={() => asSomebody(() => onReply(comment))}>
              {text.post.reply}
            </button>
          )}
        </p>
      </div>
      {mayDelete && (
        <IconButton
          label={text.post.deleteComment}
          className={styles.delete}
          onClick={async () => {
            if (await attempt(() => deleteComment(post.id, comment.id))) toast(text.post.commentDeleted);
          }}
        >
          <Trash2 />
        </IconButton>
      )}
    </li>
  );
}

function CommentForm({ post, replyTo, onDone }: { post: Post; replyTo: Comment | null; onDone: () => void }) {
  const me = useMe();
  const add = useAddComment(post.id);
  const [words, setWords] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  // A second click comes before the page has drawn that the first is under way.
  const sending = useRef(false);

  useEffect(() => {
    if (replyTo) box.current?.focus();
  }, [replyTo]);

  function submit(event: FormEvent) {
    event.preventDefault();
    const written = words.trim();
    if (!written || sending.current) return;
    sending.current = true;
    add.mutate(
      { text: written, ...(replyTo && { reply_to: replyTo.id }) },
      {
        onSuccess: () => {
          setWords("");
          onDone();
          box.current?.focus();
        },
        onSettled: () => {
          sending.current = false;
        },
      },
    );
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      {replyTo && (
        <p className={styles.meta}>
          {text.post.replyingTo(replyTo.author.username)}
          <button type="button" onClick={onDone}>
            {text.common.cancel}
          </button>
        </p>
      )}
      <div className={styles.line}>
        <textarea
          ref={box}
          aria-label={text.post.commentPlaceholder}
          placeholder={text.post.commentPlaceholder}
          rows={1}
          maxLength={1000}
          value={words}
          readOnly={!me}
          onFocus={() => {
            if (me) return;
            box.current?.blur();
            openAuth("login");
          }}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
          }}
        />
        <Button type="submit" size="s" look="primary" busy={add.isPending} disabled={!words.trim()}>
          {text.post.send}
        </Button>
      </div>
      {add.isError && (
        <p className={styles.error} role="alert">
          {explain(add.error)}
        </p>
      )}
    </form>
  );
}
