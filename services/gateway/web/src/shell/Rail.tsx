import { Bell, Bookmark, Images, LayoutGrid, Plus, Search, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { useUnread } from "../data/notifications";
import { useMe } from "../data/session";
import { text } from "../text/en";
import { Mark } from "./Mark";
import { openComposer } from "./overlays";
import styles from "./Rail.module.css";

function Item({ to, label, icon, badge }: { to: string; label: string; icon: ReactNode; badge?: boolean }) {
  return (
    <li>
      <NavLink to={to} end={to === "/"} className={styles.item}>
        <span className={styles.icon}>
          {icon}
          {badge && <span className={styles.badge} />}
        </span>
        <span className={styles.label}>{label}</span>
      </NavLink>
    </li>
  );
}

/** The way around on a wide screen. */
export function Rail() {
  const me = useMe();
  const unread = useUnread();
  return (
    <nav className={styles.rail} aria-label={text.nav.main}>
      <Link to="/" className={styles.mark} aria-label={text.name}>
        <Mark />
      </Link>
      <ul>
        <li>
          <button
            type="button"
            className={styles.item}
            data-create
            onClick={() => openComposer()}
            aria-keyshortcuts="c"
          >
            <span className={styles.icon}>
              <Plus />
            </span>
            <span className={styles.label}>{text.nav.create}</span>
          </button>
        </li>
        <Item to="/" label={text.nav.home} icon={<LayoutGrid />} />
        <Item to="/search" label={text.nav.search} icon={<Search />} />
        {me && (
          <>
            <Item to="/create" label={text.nav.pictures} icon={<Images />} />
            <Item to="/saved" label={text.nav.saved} icon={<Bookmark />} />
            <Item to="/notifications" label={text.nav.notifications} icon={<Bell />} badge={unread > 0} />
            {me.role !== "person" && (
              <Item to="/moderation" label={text.nav.moderation} icon={<ShieldCheck />} />
            )}
          </>
        )}
      </ul>
    </nav>
  );
}
