import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import type { Picture as PictureFacts, Visibility } from "../api/types";
import { idempotencyKey, usePublish } from "../data/posts";
import { useMe } from "../data/session";
import { closeComposer } from "../shell/overlays";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { DraftDialog } from "../ui/DraftDialog";
import { Field } from "../ui/Field";
import { explain } from "../ui/Message";
import { Picture } from "../ui/Picture";
import { TextArea } from "../ui/TextArea";
import { Toggle } from "../ui/Toggle";
import { toast } from "../ui/toasts";
import styles from "./PublishDialog.module.css";
import { parseTags, suggestTags } from "./tags";
import { VisibilityChoice } from "./VisibilityChoice";

interface Props {
  /** Its telling words are suggested as tags. */
  prompt: string;
  pictures: PictureFacts[];
  onClose: () => void;
}

/** Turns pictures into a post. Nothing has to be filled in: Publish works at once. */
export default function PublishDialog({ prompt, pictures, onClose }: Props) {
  const navigate = useNavigate();
  const me = useMe();
  const publish = usePublish();
  // One key for this dialog: pressing Publish twice makes one post.
  const [key] = useState(idempotencyKey);
  const [caption, setCaption] = useState("");
  const [writtenTags, setWrittenTags] = useState<string>();
  const [alts, setAlts] = useState<Record<string, string>>(() =>
    Object.fromEntries(pictures.map((picture) => [picture.id, picture.alt])),
  );
  const [visibility, setVisibility] = useState<Visibility>(me?.preferences.default_visibility ?? "public");
  const [showPrompt, setShowPrompt] = useState(me?.preferences.show_prompt ?? true);
  // Words of a prompt would tell of one that is hidden.
  const tags = writtenTags ?? (showPrompt ? suggestTags(prompt).join(", ") : "");

  // The default description stays the server's: it leaves out a prompt that is hidden.
  const rewritten = pictures.filter(
    (picture) => alts[picture.id] !== picture.alt && alts[picture.id]?.trim(),
  );
  const unsaved = caption !== "" || writtenTags !== undefined || rewritten.length > 0;

  function submit(event: FormEvent) {
    event.preventDefault();
    publish.mutate(
      {
        key,
        draft: {
          image_ids: pictures.map((picture) => picture.id),
          caption: caption.trim(),
          alt: Object.fromEntries(rewritten.map(({ id }) => [id, (alts[id] ?? "").trim()])),
          tags: parseTags(tags),
          visibility,
          show_prompt: showPrompt,
        },
      },
      {
        onSuccess: (post) => {
          onClose();
          closeComposer();
          toast(post.moderation === "allow" ? text.publish.done : text.publish.held);
          void navigate(`/post/${post.id}`);
        },
      },
    );
  }

  return (
    <DraftDialog
      open
      unsaved={unsaved}
      onClose={onClose}
      form="wide"
      title={text.publish.title}
      footer={
        <>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button look="accent" type="submit" form="publish" busy={publish.isPending}>
            {text.publish.submit}
          </Button>
        </>
      }
    >
      <form id="publish" className={styles.form} onSubmit={submit}>
        <ul className={styles.pictures} data-count={pictures.length}>
          {pictures.map((picture, index) => (
            <li key={picture.id} className={styles.picture}>
              <div className={styles.frame}>
                <Picture picture={picture} sizes="320px" alt="" />
              </div>
              <TextArea
                label={pictures.length > 1 ? text.publish.altOf(index + 1) : text.publish.alt}
                hint={text.publish.altHint}
                rows={2}
                maxLength={1500}
                value={alts[picture.id] ?? ""}
                onChange={(event) => setAlts({ ...alts, [picture.id]: event.target.value })}
              />
            </li>
          ))}
        </ul>
        <div className={styles.words}>
          <TextArea
            label={text.publish.caption}
            placeholder={text.publish.captionPlaceholder}
            rows={3}
            maxLength={2200}
            value={caption}
            onChange={(event) => setCaption(event.target.value)}
          />
          <Field
            label={text.publish.tags}
            hint={text.publish.tagsHint}
            placeholder={text.publish.tagsPlaceholder}
            value={tags}
            onChange={(event) => setWrittenTags(event.target.value)}
          />
          <VisibilityChoice value={visibility} onChange={setVisibility} />
          <Toggle
            label={text.publish.showPrompt}
            hint={text.publish.showPromptHint}
            checked={showPrompt}
            onChange={setShowPrompt}
          />
          {publish.isError && (
            <p className={styles.error} role="alert">
              {explain(publish.error)}
            </p>
          )}
        </div>
      </form>
    </DraftDialog>
  );
}
