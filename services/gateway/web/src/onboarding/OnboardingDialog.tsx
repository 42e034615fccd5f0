import { Check } from "lucide-react";
import { useState } from "react";
import { useOnboarding } from "../auth/onboarding";
import { refreshFeed, useFeed } from "../data/feed";
import { tell } from "../data/interactions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { PictureButton } from "../ui/PictureButton";
import styles from "./OnboardingDialog.module.css";

const SHOWN = 12;

/** Asks a new person for a few pictures they like; the feed learns from them as from "more like this". */
export default function OnboardingDialog() {
  const feed = useFeed("explore");
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const entries = (feed.data?.pages[0]?.items ?? []).filter((entry) => entry.post.images[0]).slice(0, SHOWN);
  // A place with hardly any pictures yet has nothing to choose from.
  if (entries.length < 4) return null;

  const close = () => useOnboarding.setState({ due: false });

  async function finish() {
    close();
    const chosen = entries.filter((entry) => picked.has(entry.post.id));
    await Promise.all(
      chosen.map(({ post, feed_context }) => tell({ post_id: post.id, event: "more", feed_context })),
    );
    if (chosen.length > 0) await refreshFeed("for_you");
  }

  function toggle(id: string) {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  }

  return (
    <Dialog
      open
      onClose={close}
      form="wide"
      title={text.onboarding.title}
      footer={
        <>
          <Button onClick={close}>{text.onboarding.skip}</Button>
          <Button look="accent" onClick={() => void finish()} disabled={picked.size === 0}>
            {text.onboarding.done(picked.size)}
          </Button>
        </>
      }
    >
      <p className={styles.lead}>{text.onboarding.text}</p>
      <ul className={styles.grid}>
        {entries.map(({ post }) => {
          const cover = post.images[0];
          return (
            cover && (
              <li key={post.id}>
                <PictureButton
                  picture={cover}
                  label={text.onboarding.pick(cover.alt)}
                  pressed={picked.has(post.id)}
                  onClick={() => toggle(post.id)}
                >
                  <span className={styles.tick} aria-hidden>
                    <Check />
                  </span>
                </PictureButton>
              </li>
            )
          );
        })}
      </ul>
    </Dialog>
  );
}
