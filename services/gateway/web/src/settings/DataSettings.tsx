import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import type { Me } from "../api/types";
import { deleteAccount, downloadExport } from "../data/account";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { toast } from "../ui/toasts";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { usePasswordCheck } from "./usePasswordCheck";

export function DataSettings({ me }: { me: Me }) {
  const [exporting, setExporting] = useState(false);
  const [deleting, setDeleting] = useState(false);
  return (
    <Section title={text.settings.data}>
      <div className={styles.row}>
        <p>
          {text.settings.export}
          <span>{text.settings.exportHint}</span>
        </p>
        <Button
          busy={exporting}
          onClick={async () => {
            setExporting(true);
            await attempt(() => downloadExport(me.username));
            setExporting(false);
          }}
        >
          {text.post.download}
        </Button>
      </div>
      <div className={styles.row}>
        <p>{text.settings.delete}</p>
        <Button look="danger" onClick={() => setDeleting(true)}>
          {text.common.delete}…
        </Button>
      </div>
      {deleting && <DeleteDialog me={me} onClose={() => setDeleting(false)} />}
    </Section>
  );
}

function DeleteDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const password = usePasswordCheck();

  const confirmed = me.has_password ? typed !== "" : typed.trim().toLowerCase() === me.username;

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const gone = await password.check(() => deleteAccount(me.has_password ? typed : null));
    setBusy(false);
    if (!gone) return;
    toast(text.settings.deleted);
    void navigate("/");
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={text.settings.deleteTitle}
      footer={
        <>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button look="accent" type="submit" form="delete-account" busy={busy} disabled={!confirmed}>
            {text.settings.delete}
          </Button>
        </>
      }
    >
      <form id="delete-account" className={styles.form} onSubmit={(event) => void submit(event)}>
        <p>
          {text.settings.deleteText}{" "}
          {me.has_password ? text.settings.deleteByPassword : text.settings.deleteByName(me.username)}
        </p>
        <Field
          label={me.has_password ? text.auth.password : text.auth.username}
          type={me.has_password ? "password" : "text"}
          autoComplete={me.has_password ? "current-password" : "off"}
          autoCapitalize="none"
          spellCheck={false}
          error={password.error}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
