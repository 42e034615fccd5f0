import { type FormEvent, useState } from "react";
import { changePassword } from "../data/account";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { toast } from "../ui/toasts";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { usePasswordCheck } from "./usePasswordCheck";

export function PasswordForm() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [busy, setBusy] = useState(false);
  const password = usePasswordCheck();

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    if (await password.check(() => changePassword(old, fresh))) {
      setOld("");
      setFresh("");
      toast(text.settings.passwordChanged);
    }
    setBusy(false);
  }

  return (
    <Section title={text.settings.security} hint={text.settings.passwordHint}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field
          label={text.settings.password}
          type="password"
          autoComplete="current-password"
          required
          error={password.error}
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
        <Field
          label={text.settings.newPassword}
          hint={text.auth.passwordHint}
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          value={fresh}
          onChange={(event) => setFresh(event.target.value)}
        />
        <div className={styles.end}>
          <Button type="submit" busy={busy} disabled={!old || fresh.length < 8}>
            {text.settings.changePassword}
          </Button>
        </div>
      </form>
    </Section>
  );
}
