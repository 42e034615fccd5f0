import { ShieldAlert } from "lucide-react";
import { Link } from "react-router";
import { useMe } from "../data/session";
import { text } from "../text/en";
import styles from "./Note.module.css";

/** Why one can only read for now, and where to say that this is wrong. */
export function SuspendedNote() {
  const suspension = useMe()?.suspension;
  if (!suspension) return null;
  return (
    <p className={styles.note} role="status">
      <ShieldAlert aria-hidden />
      <span>
        {text.moderation.suspended(suspension.reason ?? "")}{" "}
        <Link to="/settings#decisions">{text.moderation.whatToDo}</Link>
      </span>
    </p>
  );
}
