import { Appeal } from "../create/BlockedNote";
import { useDecisions } from "../data/safety";
import { text } from "../text/en";
import { date } from "../text/format";
import { LoadMore } from "../ui/LoadMore";
import { Section } from "./Section";
import styles from "./Settings.module.css";

/** What moderation held back or blocked, why, and what can be done. */
export function Decisions() {
  const list = useDecisions();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={text.settings.decisions} id="decisions">
      {list.isSuccess && items.length === 0 && <p className={styles.quiet}>{text.settings.decisionsNone}</p>}
      <ul className={styles.decisions}>
        {items.map((item) => (
          <li key={item.id}>
            <p>
              <strong>{text.moderation.kind[item.target.kind]}</strong> ·{" "}
              {text.settings.verdicts[item.decision.verdict]} · {date(item.decided_at)}
            </p>
            <p>{item.decision.reason}</p>
            <p className={styles.quiet}>{item.what_next}</p>
            {item.can_appeal && <Appeal decisionId={item.id} />}
            {item.appeal && <p className={styles.quiet}>{text.create.appealed}</p>}
          </li>
        ))}
      </ul>
      <LoadMore list={list} size="s" />
    </Section>
  );
}
