import {
  Bookmark,
  Download,
  Flag,
  Heart,
  Link2,
  MoreHorizontal,
  Pencil,
  Share2,
  Shuffle,
  Trash2,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useNavigate } from "react-router";
import type { Post } from "../api/types";
import { downloadUrl } from "../create/downloads";
import { deletePost } from "../data/posts";
import { useMe } from "../data/session";
import { attempt, copy, share, shareUrl, toggleBookmark, toggleLike } from "../feed/actions";
import { remix } from "../feed/remix";
import { asSomebody, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { count } from "../text/format";
import { Button, IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Menu, MenuItem, MenuSeparator } from "../ui/Menu";
import { toast } from "../ui/toasts";
import styles from "./PostActions.module.css";

const EditDialog = lazy(() => import("./EditDialog"));

export function PostActions({ post }: { post: Post }) {
  const { liked, bookmarked } = post.viewer;
  return (
    <div className={styles.actions}>
      <Button
        className={styles.like}
        icon={<Heart fill={liked ? "currentColor" : "none"} />}
        aria-pressed={liked}
        aria-label={`${liked ? text.post.unlike : text.post.like}, ${text.post.likes(post.counts.likes)}`}
        aria-keyshortcuts="l"
        onClick={() => toggleLike(post)}
      >
        {post.counts.likes > 0 ? count(post.counts.likes) : text.post.like}
      </Button>
      <IconButton
        label={bookmarked ? text.post.unbookmark : text.post.bookmark}
        pressed={bookmarked}
        aria-keyshortcuts="b"
        onClick={() => toggleBookmark(post)}
      >
        <Bookmark fill={bookmarked ? "currentColor" : "none"} />
      </IconButton>
      <IconButton label={text.post.share} onClick={() => void share(post)}>
        <Share2 />
      </IconButton>
      <PostMenu post={post} />
      <Button
        look="primary"
        className={styles.remix}
        icon={<Shuffle />}
        aria-keyshortcuts="r"
        onClick={() => remix(post)}
      >
        {text.post.remix}
      </Button>
    </div>
  );
}

function PostMenu({ post }: { post: Post }) {
  const navigate = useNavigate();
  const me = useMe();
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const own = me?.id === post.author.id;
  const cover = post.images[0];
  return (
    <>
      <Menu
        trigger={
          <IconButton label={text.post.menu}>
            <MoreHorizontal />
          </IconButton>
        }
      >
        <MenuItem icon={<Link2 />} onSelect={() => void copy(shareUrl(post), text.post.linkCopied)}>
          {text.post.copyLink}
        </MenuItem>
        {cover && (
          <MenuItem icon={<Download />} onSelect={() => location.assign(downloadUrl(cover.sources.original))}>
            {text.post.download}
          </MenuItem>
        )}
        <MenuSeparator />
        {own ? (
          <>
            <MenuItem icon={<Pencil />} onSelect={() => setOpen("edit")}>
              {text.post.edit}
            </MenuItem>
            <MenuItem danger icon={<Trash2 />} onSelect={() => setOpen("delete")}>
              {text.post.delete}
            </MenuItem>
          </>
        ) : (
          <MenuItem
            danger
            icon={<Flag />}
            onSelect={() => asSomebody(() => useOverlays.setState({ report: { kind: "post", id: post.id } }))}
          >
            {text.feed.report}
          </MenuItem>
        )}
      </Menu>
      {open === "edit" && (
        <Suspense fallback={null}>
          <EditDialog post={post} onClose={() => setOpen(null)} />
        </Suspense>
      )}
      {open === "delete" && (
        <Confirm
          title={text.post.deleteTitle}
          action={text.common.delete}
          onClose={() => setOpen(null)}
          onConfirm={async () => {
            if (!(await attempt(() => deletePost(post.id)))) return;
            toast(text.post.deleted);
            void navigate(`/u/${post.author.username}`, { replace: true });
          }}
        >
          {text.post.deleteText}
        </Confirm>
      )}
    </>
  );
}
