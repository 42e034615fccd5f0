import { RotateCcw, Sparkles, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { Link } from "react-router";
import { Problem } from "../api/problem";
import type { Taste } from "../api/types";
import { changeTaste, forgetTaste, resetTaste, useTaste } from "../data/taste";
import { attempt } from "../feed/actions";
import { SignInWall } from "../shell/SignInWall";
import { text } from "../text/en";
import { date } from "../text/format";
import { Button, IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Failure, Message } from "../ui/Message";
import { Picture } from "../ui/Picture";
import { Toggle } from "../ui/Toggle";
import { toast } from "../ui/toasts";
import { usePageTitle } from "../ui/usePageTitle";
import { Section } from "./Section";
import settings from "./Settings.module.css";
import styles from "./TastePage.module.css";

/** What the feed has learned of oneself, in the open, and every hand on it. */
export function TastePage() {
  usePageTitle(text.taste.title);
  return (
    <SignInWall>
      <div className={settings.page}>
        <h1>{text.taste.title}</h1>
        <TasteSections />
      </div>
    </SignInWall>
  );
}

function TasteSections() {
  const { data, error, isError, refetch } = useTaste();
  const [resetting, setResetting] = useState(false);
  if (error instanceof Problem && error.status === 404)
    return <Message icon={<Sparkles />} title={text.taste.absent} />;
  if (isError) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <p role="status">{text.common.loading}</p>;
  return (
    <>
      <Steering taste={data} />
      <Interests taste={data} />
      <Less taste={data} />
      <Section title={text.taste.reset} hint={text.taste.resetHint}>
        <div className={settings.end}>
          <Button look="danger" icon={<RotateCcw />} onClick={() => setResetting(true)}>
            {text.taste.reset}…
          </Button>
        </div>
      </Section>
      {resetting && (
        <Confirm
          title={text.taste.resetTitle}
          action={text.taste.reset}
          onClose={() => setResetting(false)}
          onConfirm={async () => {
            if (await attempt(resetTaste)) toast(text.taste.resetDone);
          }}
        >
          {text.taste.resetText}
        </Confirm>
      )}
    </>
  );
}

const SETTLED_MS = 400;

function Steering({ taste }: { taste: Taste }) {
  const id = useId();
  const [exploration, setExploration] = useState(taste.exploration);

  useEffect(() => {
    if (exploration === taste.exploration) return;
    const timer = setTimeout(() => void attempt(() => changeTaste({ exploration })), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [exploration, taste.exploration]);

  return (
    <Section title={text.taste.steering}>
      <Toggle
        label={text.taste.personalised}
        hint={text.taste.personalisedHint}
        checked={taste.personalised}
        onChange={(personalised) => void attempt(() => changeTaste({ personalised }))}
      />
      <div className={styles.slider} data-off={!taste.personalised || undefined}>
        <label htmlFor={id}>{text.taste.exploration}</label>
        <input
          id={id}
          type="range"
          min={0}
          max={1}
          step={0.05}
          disabled={!taste.personalised}
          value={exploration}
          aria-valuetext={text.taste.explorationShare(Math.round(exploration * 100))}
          onChange={(event) => setExploration(Number(event.target.value))}
        />
        <span className={styles.ends} aria-hidden>
          <span>{text.taste.known}</span>
          <span>{text.taste.surprise}</span>
        </span>
      </div>
    </Section>
  );
}

function Interests({ taste }: { taste: Taste }) {
  return (
    <Section title={text.taste.interests} hint={text.taste.interestsHint}>
      {taste.interests.length === 0 && <p className={settings.quiet}>{text.taste.noInterests}</p>}
      <ul className={styles.list}>
        {taste.interests.map((interest) => (
          <li key={interest.id} className={styles.interest}>
            <span className={styles.posts}>
              {interest.posts.map(
                (post) =>
                  post.images[0] && (
                    <Link key={post.id} to={`/post/${post.id}`} className={styles.post}>
                      <Picture picture={post.images[0]} sizes="56px" />
                    </Link>
                  ),
              )}
            </span>
            <span className={styles.words}>
              <strong>{interest.label}</strong>
              <meter min={0} max={1} value={interest.weight} aria-label={text.taste.weight} />
            </span>
            <Forget id={interest.id} label={interest.label} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Less({ taste }: { taste: Taste }) {
  return (
    <Section title={text.taste.less} hint={text.taste.lessHint}>
      {taste.less.length === 0 && <p className={settings.quiet}>{text.taste.noLess}</p>}
      <ul className={styles.list}>
        {taste.less.map((item) => (
          <li key={item.id} className={styles.interest}>
            <span className={styles.words}>
              <strong>{item.label}</strong>
              <span className={settings.quiet}>
                {text.taste.fades(date(item.since), date(item.fades_at))}
              </span>
            </span>
            <Forget id={item.id} label={item.label} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Forget({ id, label }: { id: string; label: string }) {
  return (
    <IconButton
      label={text.taste.forget(label)}
      onClick={async () => {
        if (await attempt(() => forgetTaste(id))) toast(text.taste.forgotten);
      }}
    >
      <X />
    </IconButton>
  );
}
