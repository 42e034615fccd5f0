import { Columns2, Rows3, SlidersHorizontal } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import type { FeedMode } from "../api/types";
import { useSession } from "../data/session";
import { openAuth } from "../shell/overlays";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import { usePreference } from "../ui/preference";
import { Feed } from "./Feed";
import styles from "./FeedPage.module.css";
import { Hero } from "./Hero";
import { QuickPrompt } from "./QuickPrompt";

const MODES: FeedMode[] = ["for_you", "following", "explore"];

export function FeedPage() {
  const state = useSession((session) => session.state);
  const [params, setParams] = useSearchParams();
  const [single, setSingle] = usePreference("feed.single", false);
  const wanted = params.get("feed") as FeedMode | null;
  const fallback: FeedMode = state === "in" ? "for_you" : "explore";
  const mode = state === "in" && wanted && MODES.includes(wanted) ? wanted : fallback;

  function choose(next: FeedMode) {
    if (state !== "in" && next !== "explore") openAuth("login");
    else setParams(next === fallback ? {} : { feed: next }, { preventScrollReset: false });
  }

  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{text.name}</h1>
      {state === "out" ? <Hero /> : <QuickPrompt />}
      <div className={styles.bar}>
        <nav className={styles.tabs} aria-label={text.feed.tabsLabel}>
          {MODES.map((item) => (
            <button
              key={item}
              type="button"
              aria-current={item === mode ? "page" : undefined}
              onClick={() => choose(item)}
            >
              {text.feed.tabs[item]}
            </button>
          ))}
        </nav>
        {mode === "for_you" && (
          <Link
            to="/settings/taste"
            className={styles.tune}
            aria-label={text.taste.tune}
            title={text.taste.tune}
          >
            <SlidersHorizontal aria-hidden />
          </Link>
        )}
        <IconButton
          label={single ? text.feed.layout.grid : text.feed.layout.single}
          onClick={() => setSingle(!single)}
        >
          {single ? <Columns2 /> : <Rows3 />}
        </IconButton>
      </div>
      <Feed key={mode} mode={mode} single={single} />
    </div>
  );
}
