import { Bookmark, Images, LayoutGrid, Plus, Search } from "lucide-react";
import { NavLink } from "react-router";
import { text } from "../text/en";
import { openComposer } from "./overlays";
import styles from "./TabBar.module.css";

/** The way around on a narrow screen, within reach of a thumb. */
export function TabBar() {
  return (
    <nav className={styles.bar} aria-label={text.nav.main}>
      <NavLink to="/" end aria-label={text.nav.home} className={styles.item}>
        <LayoutGrid />
      </NavLink>
      <NavLink to="/search" aria-label={text.nav.search} className={styles.item}>
        <Search />
      </NavLink>
      <button
        type="button"
        className={styles.create}
        aria-label={text.nav.create}
        onClick={() => openComposer()}
      >
        <Plus />
      </button>
      <NavLink to="/create" aria-label={text.nav.pictures} className={styles.item}>
        <Images />
      </NavLink>
      <NavLink to="/saved" aria-label={text.nav.saved} className={styles.item}>
        <Bookmark />
      </NavLink>
    </nav>
  );
}
