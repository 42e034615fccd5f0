import { History } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import styles from "./Tool.module.css";

const HistoryDialog = lazy(() => import("./HistoryDialog"));

export function PromptHistory() {
  const signedIn = useSession((session) => session.state === "in");
  const [open, setOpen] = useState(false);
  if (!signedIn) return null;
  return (
    <>
      <Button
        size="s"
        className={styles.tool}
        icon={<History />}
        title={text.create.historyHint}
        onClick={() => setOpen(true)}
      >
        {text.create.history}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <HistoryDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
