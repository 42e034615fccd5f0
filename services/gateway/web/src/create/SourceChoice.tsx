import { ImagePlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import styles from "./Tool.module.css";

const SourceDialog = lazy(() => import("./SourceDialog"));

/** Opens the pictures that one can start from. */
export function SourceChoice() {
  const signedIn = useSession((session) => session.state === "in");
  const [open, setOpen] = useState(false);
  if (!signedIn) return null;
  return (
    <>
      <Button
        size="s"
        className={styles.tool}
        icon={<ImagePlus />}
        aria-label={text.source.title}
        title={text.source.title}
        onClick={() => setOpen(true)}
      >
        {text.source.button}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <SourceDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
