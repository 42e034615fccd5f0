import { CircleCheck, TriangleAlert } from "lucide-react";
import { useStatus } from "../data/models";
import { text } from "../text/en";
import { Failure } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";
import styles from "./StatusPage.module.css";

const EVERY_MS = 5000;

export function StatusPage() {
  usePageTitle(text.status.title);
  const { data, error, isError, refetch } = useStatus(EVERY_MS);
  return (
    <div className={styles.page}>
      <h1>{text.status.title}</h1>
      {isError && !data && <Failure error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <p className={styles.overall} data-fine={data.status === "ok" || undefined} role="status">
            {data.status === "ok" ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
            {text.status[data.status]}
          </p>
          <p className={styles.model}>{text.status.model[data.model.state](data.model.eta_ms ?? null)}</p>
          <ul className={styles.parts}>
            {Object.entries(data.parts).map(([name, state]) => (
              <li key={name}>
                <span className={styles.dot} data-fine={state === "ok" || undefined} aria-hidden />
                <strong>{text.status.parts[name] ?? name}</strong>
                <span>
                  {state === "ok"
                    ? text.status.part.ok
                    : (text.status.meaning[name] ?? text.status.part.down)}
                </span>
              </li>
            ))}
          </ul>
          <p className={styles.note}>{text.status.updated}</p>
        </>
      )}
    </div>
  );
}
