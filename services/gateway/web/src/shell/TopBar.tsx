import { Bell } from "lucide-react";
import { lazy, type RefObject, Suspense, useState } from "react";
import { Link } from "react-router";
import type { Me } from "../api/types";
import { useUnread } from "../data/notifications";
import { useSession } from "../data/session";
import { SearchBox } from "../search/SearchBox";
import { text } from "../text/en";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Mark } from "./Mark";
import { openAuth } from "./overlays";
import styles from "./TopBar.module.css";

const AccountMenu = lazy(() => import("./AccountMenu"));

export function TopBar({ searchRef }: { searchRef: RefObject<HTMLInputElement | null> }) {
  const { state, user } = useSession();
  const unread = useUnread();
  return (
    <header className={styles.bar}>
      <Link to="/" className={styles.brand} aria-label={text.name}>
        <Mark />
      </Link>
      <SearchBox inputRef={searchRef} />
      <div className={styles.end}>
        {state === "out" && (
          <>
            <Button className={styles.login} onClick={() => openAuth("login")}>
              {text.nav.logIn}
            </Button>
            <Button look="primary" onClick={() => openAuth("signup")}>
              {text.nav.signUp}
            </Button>
          </>
        )}
        {user && (
          <>
            <Link to="/notifications" className={styles.bell} aria-label={text.nav.notifications}>
              <Bell />
              {unread > 0 && <span className={styles.badge} />}
            </Link>
            <Account user={user} />
          </>
        )}
      </div>
    </header>
  );
}

/** The menu's code comes when it is first opened. */
function Account({ user }: { user: Me }) {
  const [opened, setOpened] = useState(false);
  const button = (
    <button
      type="button"
      className={styles.account}
      aria-label={text.nav.account}
      aria-haspopup="menu"
      onClick={() => setOpened(true)}
    >
      <Avatar person={user} size={34} />
    </button>
  );
  if (!opened) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu user={user} />
    </Suspense>
  );
}
