import { useState } from "react";
import { useCreateDraft } from "../create/draft";
import { closeAuth, finishAuth, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { Dialog } from "../ui/Dialog";
import styles from "./AuthDialog.module.css";
import { AuthForm } from "./AuthForm";

export default function AuthDialog({ form }: { form: "login" | "signup" }) {
  const [shown, setShown] = useState(form);
  const pending = useOverlays((state) => state.afterAuth !== null);
  const prompt = useCreateDraft((draft) => draft.prompt);
  return (
    <Dialog open onClose={closeAuth} title={shown === "signup" ? text.auth.welcome : text.auth.welcomeBack}>
      {pending && prompt && (
        <p className={styles.kept}>
          <q>{prompt}</q>
          {text.auth.keptPrompt}
        </p>
      )}
      <AuthForm form={shown} onSwitch={setShown} onDone={finishAuth} />
    </Dialog>
  );
}
