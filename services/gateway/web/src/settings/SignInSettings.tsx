import { endSignIn, useSignIns } from "../data/signIns";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { ago, date } from "../text/format";
import { Button } from "../ui/Button";
import { deviceOf } from "./device";
import { Section } from "./Section";
import styles from "./Settings.module.css";

/** Where one is signed in, and an end to it. */
export function SignInSettings() {
  const items = useSignIns().data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={text.settings.signIns} hint={text.settings.signInsHint}>
      {items.map((item) => (
        <div key={item.id} className={styles.row}>
          <p>
            {deviceOf(item.agent) || text.settings.unknownDevice}
            <span>
              {item.current
                ? text.settings.thisDevice
                : text.settings.signedIn(date(item.created_at), ago(item.used_at))}
            </span>
          </p>
          {!item.current && (
            <Button size="s" onClick={() => void attempt(() => endSignIn(item.id))}>
              {text.nav.logOut}
            </Button>
          )}
        </div>
      ))}
      {items.length > 1 && (
        <div className={styles.end}>
          <Button onClick={() => void attempt(() => endSignIn("others"))}>{text.settings.endOthers}</Button>
        </div>
      )}
    </Section>
  );
}
