import { Send, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Generation } from "../api/types";
import { deleteGeneration, readyPictures } from "../data/generations";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { toast } from "../ui/toasts";
import styles from "./Creations.module.css";

const PublishDialog = lazy(() => import("./PublishDialog"));
const MOST_IN_A_POST = 10;

/** What can be done with several generations at once. */
export function BulkBar({ generations, onDone }: { generations: Generation[]; onDone: () => void }) {
  const [open, setOpen] = useState<"publish" | "delete" | null>(null);
  const pictures = generations.flatMap(readyPictures);
  const tooMany = pictures.length > MOST_IN_A_POST;

  async function removeAll() {
    for (const one of generations) if (!(await attempt(() => deleteGeneration(one)))) return;
    toast(text.create.deleted);
    onDone();
  }

  return (
    <div className={styles.bulk} role="toolbar" aria-label={text.creations.choose}>
      <span role="status">{text.creations.chosen(generations.length)}</span>
      <Button
        size="s"
        look="primary"
        icon={<Send />}
        disabled={pictures.length === 0 || tooMany}
        title={tooMany ? text.creations.tooMany(MOST_IN_A_POST) : undefined}
        onClick={() => setOpen("publish")}
      >
        {text.creations.publishChosen(pictures.length)}
      </Button>
      <Button size="s" look="danger" icon={<Trash2 />} onClick={() => setOpen("delete")}>
        {text.creations.deleteChosen}
      </Button>
      {open === "publish" && (
        <Suspense fallback={null}>
          <PublishDialog
            prompt={generations[0]?.prompt ?? ""}
            pictures={pictures}
            onClose={() => setOpen(null)}
          />
        </Suspense>
      )}
      {open === "delete" && (
        <Confirm
          title={text.create.deleteTitle}
          action={text.common.delete}
          onClose={() => setOpen(null)}
          onConfirm={removeAll}
        >
          {text.create.deleteText}
        </Confirm>
      )}
    </div>
  );
}
