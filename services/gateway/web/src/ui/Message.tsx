import type { ReactNode } from "react";
import { Problem, UNREACHABLE } from "../api/problem";
import { text } from "../text/en";
import { Button } from "./Button";
import styles from "./Message.module.css";

interface Props {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** What a place says when it has nothing to show. */
export function Message({ icon, title, children, action }: Props) {
  return (
    <div className={styles.message}>
      {icon && <div className={styles.icon}>{icon}</div>}
      <h2>{title}</h2>
      {children && <div className={styles.text}>{children}</div>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** A sentence for people about what went wrong. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return text.errors.crashed;
  if (error.code === UNREACHABLE) return text.errors.unreachable;
  const known = text.errors.codes[error.code];
  if (known) return known;
  if (error.status === 404) return text.errors.notFound;
  if (error.status === 429) return text.errors.busy;
  if (error.status >= 500) return text.errors.unavailable;
  return error.fields[0]?.msg ?? error.message;
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const missing = error instanceof Problem && error.status === 404;
  return (
    <div role="alert">
      <Message
        title={missing ? text.errors.notFoundTitle : text.errors.title}
        action={retry && !missing && <Button onClick={retry}>{text.common.retry}</Button>}
      >
        <p>{explain(error)}</p>
        {error instanceof Problem && error.traceId && !missing && (
          <p className={styles.reference}>{text.common.ref(error.traceId)}</p>
        )}
      </Message>
    </div>
  );
}
