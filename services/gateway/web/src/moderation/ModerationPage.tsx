import { ShieldCheck } from "lucide-react";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";
import type { QueueEntry } from "../api/types";
import { decide, type QueueState, undoVerdict, useModerationQueue, type Verdict } from "../data/moderation";
import { useMe } from "../data/session";
import { attempt } from "../feed/actions";
import { useKeys } from "../shell/keys";
import { SignInWall } from "../shell/SignInWall";
import { text } from "../text/en";
import { Choice } from "../ui/Choice";
import { LoadMore } from "../ui/LoadMore";
import { Failure, Message } from "../ui/Message";
import { toast } from "../ui/toasts";
import { usePageTitle } from "../ui/usePageTitle";
import { Case } from "./Case";
import styles from "./ModerationPage.module.css";

export function ModerationPage() {
  usePageTitle(text.moderation.title);
  const me = useMe();
  return (
    <SignInWall>
      {me?.role === "person" ? (
        <Message icon={<ShieldCheck />} title={text.moderation.forbidden} />
      ) : (
        <Queue />
      )}
    </SignInWall>
  );
}

function Queue() {
  const [params, setParams] = useSearchParams();
  const state: QueueState = params.get("state") === "closed" ? "closed" : "open";
  const queue = useModerationQueue(state);
  const entries = queue.data?.pages.flatMap((page) => page.items) ?? [];
  const [at, setAt] = useState(0);
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  const current = entries[Math.min(at, entries.length - 1)];

  async function give(
    entry: QueueEntry,
    verdict: Verdict,
    reason: string = text.moderation.reasons[verdict],
  ) {
    const given = await attempt(async () => {
      last.current = await decide(entry, verdict, reason);
    });
    if (!given) return;
    toast(text.moderation.decided(text.moderation.verdicts[verdict]), {
      action: { label: text.common.undo, run: undo },
    });
  }

  function undo() {
    const given = last.current;
    last.current = null;
    if (given) void attempt(() => undoVerdict(given));
  }

  function move(step: number) {
    const next = Math.min(entries.length - 1, Math.max(0, at + step));
    setAt(next);
    document.getElementById(`case-${entries[next]?.case_id}`)?.scrollIntoView({ block: "center" });
  }

  const judge = (verdict: Verdict) => () => current && void give(current, verdict);
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    "1": judge("allow"),
    "2": judge("hold"),
    "3": judge("block"),
    u: undo,
    " ": () => current && setShown(new Set(shown).add(current.case_id)),
  });

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{text.moderation.title}</h1>
        <Choice
          label={text.moderation.title}
          value={state}
          options={(["open", "closed"] as const).map((value) => ({
            value,
            label: text.moderation.states[value],
          }))}
          onChange={(value) => setParams(value === "open" ? {} : { state: value })}
        />
      </header>
      <p className={styles.keys}>{text.moderation.keys}</p>
      {queue.isError && <Failure error={queue.error} retry={() => void queue.refetch()} />}
      {queue.isSuccess && entries.length === 0 && (
        <Message icon={<ShieldCheck />} title={text.moderation.empty} />
      )}
      <ol className={styles.list}>
        {entries.map((entry) => (
          <Case
            key={entry.case_id}
            entry={entry}
            active={entry === current}
            shown={shown.has(entry.case_id)}
            onShow={() => setShown(new Set(shown).add(entry.case_id))}
            onDecide={(verdict, reason) => void give(entry, verdict, reason)}
          />
        ))}
      </ol>
      <LoadMore list={queue} />
    </div>
  );
}
