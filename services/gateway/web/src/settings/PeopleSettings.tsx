import { Link } from "react-router";
import { relate, useDistant } from "../data/people";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function PeopleSettings() {
  const blocked = useDistant("blocks").data?.items ?? [];
  const muted = useDistant("mutes").data?.items ?? [];
  const rows = [
    ...blocked.map((person) => ({ person, kind: "block" as const })),
    ...muted.map((person) => ({ person, kind: "mute" as const })),
  ];
  return (
    <Section title={text.settings.people}>
      {rows.length === 0 && <p className={styles.quiet}>{text.settings.nobody}</p>}
      {rows.map(({ person, kind }) => (
        <div key={`${kind}-${person.id}`} className={styles.row}>
          <Link to={`/u/${person.username}`} className={styles.person}>
            <Avatar person={person} size={32} />@{person.username}
          </Link>
          <Button size="s" onClick={() => void attempt(() => relate(person.username, kind, false))}>
            {kind === "block" ? text.profile.unblock : text.profile.unmute}
          </Button>
        </div>
      ))}
    </Section>
  );
}
