import { Bell, Heart, MessageCircle, Reply, ShieldAlert, Shuffle, UserPlus } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import type { Notification } from "../api/types";
import { markAllRead, useNotifications } from "../data/notifications";
import { SignInWall } from "../shell/SignInWall";
import { text } from "../text/en";
import { ago, exactTime } from "../text/format";
import { Avatar } from "../ui/Avatar";
import { Failure, Message } from "../ui/Message";
import { placeholder } from "../ui/thumbhash";
import { useNearEnd } from "../ui/useNearEnd";
import { usePageTitle } from "../ui/usePageTitle";
import styles from "./NotificationsPage.module.css";

const ICONS: Record<Notification["kind"], ReactNode> = {
  like: <Heart />,
  comment: <MessageCircle />,
  reply: <Reply />,
  remix: <Shuffle />,
  follow: <UserPlus />,
  decision: <ShieldAlert />,
};

export function NotificationsPage() {
  usePageTitle(text.notifications.title);
  return (
    <SignInWall>
      <div className={styles.page}>
        <h1>{text.notifications.title}</h1>
        <Groups />
      </div>
    </SignInWall>
  );
}

function Groups() {
  const list = useNotifications();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const seen = list.dataUpdatedAt > 0;
  const end = useNearEnd(() => {
    if (list.hasNextPage && !list.isFetching) void list.fetchNextPage();
  });

  useEffect(() => {
    // Looking at them is reading them; the dots stay for this visit, to show what was new.
    if (seen) void markAllRead().catch(() => {});
  }, [seen]);

  if (list.isPending) return <p role="status">{text.common.loading}</p>;
  if (list.isError && items.length === 0)
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (items.length === 0) {
    return (
      <Message icon={<Bell />} title={text.notifications.empty.title}>
        <p>{text.notifications.empty.text}</p>
      </Message>
    );
  }
  return (
    <>
      <ul className={styles.list}>
        {items.map((item) => (
          <Row key={item.id} item={item} />
        ))}
      </ul>
      <div ref={end} />
    </>
  );
}

function Row({ item }: { item: Notification }) {
  const first = item.actors[0];
  return (
    <li className={styles.row} data-unread={!item.read || undefined}>
      <span className={styles.icon} data-kind={item.kind} aria-hidden>
        {ICONS[item.kind]}
      </span>
      <span className={styles.faces}>
        {item.actors.slice(0, 3).map((actor) => (
          <Link key={actor.id} to={`/u/${actor.username}`} aria-label={actor.display_name}>
            <Avatar person={actor} size={32} />
          </Link>
        ))}
      </span>
      <Link to={target(item, first?.username)} className={styles.words}>
        <span>{item.text}</span>
        <time dateTime={item.updated_at} title={exactTime(item.updated_at)}>
          {ago(item.updated_at)}
        </time>
        {!item.read && <span className="visually-hidden">{text.notifications.unread}</span>}
      </Link>
      {item.post && (
        <Link to={`/post/${item.post.id}`} className={styles.thumb} tabIndex={-1} aria-hidden>
          <img
            src={item.post.sources.webp["320"] ?? item.post.sources.original}
            alt=""
            loading="lazy"
            style={{ backgroundColor: placeholder(item.post.thumbhash)?.color }}
          />
        </Link>
      )}
    </li>
  );
}

function target(item: Notification, actor: string | undefined): string {
  if (item.kind === "decision") return "/settings#decisions";
  if (item.post) return `/post/${item.post.id}`;
  return actor ? `/u/${actor}` : "/notifications";
}
