import { useState } from "react";
import { useCreateDraft } from "../create/draft";
import { closeAuth, finishAuth, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { Dialog } from "../ui/Dialog";
import styles from "./AuthDialog.module.css";
import { AuthForm } from "./AuthForm";

export default function AuthDialog({ form }: { form: "login" | "signup" }) {
  const [shown, setShown] = useState(form);
  const draft = useCreateDraft();
  const paints = useOverlays((state) => state.paintsAfterAuth) && draft.prompt.trim() !== "";
  const errand = { next: location.pathname + location.search, ...(paints && { draft }) };
  return (
    <Dialog open onClose={closeAuth} title={shown === "signup" ? text.auth.welcome : text.auth.welcomeBack}>
      {paints && (
        <p className={styles.kept}>
          <q>{draft.prompt}</q>
          {text.auth.keptPrompt}
        </p>
      )}
      <AuthForm form={shown} errand={errand} onSwitch={setShown} onDone={finishAuth} />
    </Dialog>
  );
}
