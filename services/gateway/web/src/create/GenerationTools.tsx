import { CircleUserRound, Download, RotateCcw, Send, Shuffle, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Generation, Picture } from "../api/types";
import { changeMe } from "../data/account";
import { deleteGeneration, isOver } from "../data/generations";
import { attempt } from "../feed/actions";
import { openComposer } from "../shell/overlays";
import { text } from "../text/en";
import { Button, IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { toast } from "../ui/toasts";
import { downloadUrl } from "./downloads";
import styles from "./GenerationTools.module.css";
import { again, stop } from "./jobs";

interface Props {
  generation: Generation;
  chosen: Picture[];
  onPublish: () => void;
}

/** What can be done with a generation in the state it is in. */
export function GenerationTools({ generation, chosen, onPublish }: Props) {
  const [deleting, setDeleting] = useState(false);
  const { status } = generation;
  if (!isOver(status)) {
    return (
      <div className={styles.tools}>
        <Button size="s" icon={<Square />} onClick={() => void stop(generation)}>
          {text.create.stop}
        </Button>
      </div>
    );
  }
  const one = chosen.length === 1 ? chosen[0] : undefined;
  return (
    <div className={styles.tools}>
      {status === "ready" && (
        <>
          <Button size="s" look="primary" icon={<Send />} disabled={chosen.length === 0} onClick={onPublish}>
            {chosen.length > 1 ? text.create.publishSelected(chosen.length) : text.create.publish}
          </Button>
          {one && (
            <Button
              size="s"
              icon={<Shuffle />}
              onClick={() =>
                openComposer({
                  prompt: generation.prompt,
                  source: one,
                  model: generation.model,
                  aspect: generation.aspect,
                })
              }
            >
              {text.create.variations}
            </Button>
          )}
          {one && (
            <a
              className={styles.link}
              href={downloadUrl(one.sources.original)}
              download
              aria-label={text.post.download}
            >
              <Download aria-hidden />
            </a>
          )}
          {one && (
            <IconButton
              label={text.settings.usePicture}
              className={styles.link}
              onClick={async () => {
                if (await attempt(() => changeMe({ avatar_image_id: one.id })))
                  toast(text.settings.pictureUsed);
              }}
            >
              <CircleUserRound />
            </IconButton>
          )}
        </>
      )}
      {status === "failed" && (
        <Button size="s" look="primary" icon={<RotateCcw />} onClick={() => void again(generation)}>
          {text.create.again}
        </Button>
      )}
      {status === "blocked" && (
        <Button size="s" look="primary" onClick={() => openComposer({ prompt: generation.prompt })}>
          {text.create.rephrase}
        </Button>
      )}
      <Button size="s" className={styles.delete} icon={<Trash2 />} onClick={() => setDeleting(true)}>
        {text.create.delete}
      </Button>
      {deleting && (
        <Confirm
          title={text.create.deleteTitle}
          action={text.common.delete}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            if (await attempt(() => deleteGeneration(generation))) toast(text.create.deleted);
          }}
        >
          {text.create.deleteText}
        </Confirm>
      )}
    </div>
  );
}
