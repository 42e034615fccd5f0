import { type FormEvent, useState } from "react";
import { type ReportTarget, report } from "../data/safety";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { TextArea } from "../ui/TextArea";
import { toast } from "../ui/toasts";
import { useOverlays } from "./overlays";
import styles from "./ReportDialog.module.css";

const close = () => useOverlays.setState({ report: null });

export default function ReportDialog({ target }: { target: ReportTarget }) {
  const [reason, setReason] = useState("");
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const sent = await attempt(() => report(target, reason, words.trim()));
    setBusy(false);
    if (!sent) return;
    toast(text.report.done);
    close();
  }

  return (
    <Dialog
      open
      onClose={close}
      title={text.report.title}
      footer={
        <>
          <Button onClick={close}>{text.common.cancel}</Button>
          <Button look="accent" type="submit" form="report" busy={busy} disabled={!reason}>
            {text.report.send}
          </Button>
        </>
      }
    >
      <form id="report" className={styles.form} onSubmit={(event) => void submit(event)}>
        <fieldset className={styles.reasons}>
          <legend>{text.report.lead}</legend>
          {Object.entries(text.report.reasons).map(([code, label]) => (
            <label key={code}>
              <input type="radio" name="reason" checked={reason === code} onChange={() => setReason(code)} />
              {label}
            </label>
          ))}
        </fieldset>
        <TextArea
          label={text.report.words}
          rows={2}
          maxLength={1000}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
