import { useState } from "react";
import type { QueueEntry } from "../api/types";
import type { Verdict } from "../data/moderation";
import { text } from "../text/en";
import { ago } from "../text/format";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./ModerationPage.module.css";
import { Subject } from "./Subject";

const VERDICTS: Verdict[] = ["allow", "hold", "block"];

interface Props {
  entry: QueueEntry;
  active: boolean;
  shown: boolean;
  onShow: () => void;
  onDecide: (verdict: Verdict, reason: string | undefined) => void;
}

/** One case: what it is about, why it is here, and what to do about it. */
export function Case({ entry, active, shown, onShow, onDecide }: Props) {
  const [reason, setReason] = useState("");
  return (
    <li id={`case-${entry.case_id}`} className={styles.case} data-active={active || undefined}>
      <p className={styles.meta}>
        <strong>{text.moderation.kind[entry.target_kind] ?? entry.target_kind}</strong>
        <span>{text.moderation.priority(entry.priority)}</span>
        <time dateTime={entry.opened_at}>{ago(entry.opened_at)}</time>
      </p>
      <Subject entry={entry} active={active} shown={shown} onShow={onShow} />
      <ul className={styles.why}>
        {entry.why?.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {entry.history && entry.history.length > 0 && (
        <details className={styles.history}>
          <summary>{text.moderation.history}</summary>
          <ol>
            {entry.history.map((step, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: history only grows at its end
              <li key={index}>
                {Object.entries(step)
                  .filter(([, value]) => value !== null && typeof value !== "object")
                  .map(([name, value]) => `${name}: ${String(value)}`)
                  .join(" · ")}
              </li>
            ))}
          </ol>
        </details>
      )}
      <div className={styles.verdict}>
        <Field
          label={text.moderation.reason}
          value={reason}
          maxLength={1000}
          onChange={(event) => setReason(event.target.value)}
        />
        {VERDICTS.map((verdict) => (
          <Button
            key={verdict}
            size="s"
            look={verdict === "block" ? "danger" : "quiet"}
            onClick={() => onDecide(verdict, reason.trim() || undefined)}
          >
            {text.moderation.verdicts[verdict]}
          </Button>
        ))}
      </div>
    </li>
  );
}
