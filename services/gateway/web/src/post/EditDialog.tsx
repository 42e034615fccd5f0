import { type FormEvent, useState } from "react";
import type { Post } from "../api/types";
import { parseTags } from "../create/tags";
import { VisibilityChoice } from "../create/VisibilityChoice";
import { changePost } from "../data/posts";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { DraftDialog } from "../ui/DraftDialog";
import { Field } from "../ui/Field";
import { TextArea } from "../ui/TextArea";
import { Toggle } from "../ui/Toggle";
import { toast } from "../ui/toasts";
import styles from "./EditDialog.module.css";

export default function EditDialog({ post, onClose }: { post: Post; onClose: () => void }) {
  const [caption, setCaption] = useState(post.caption);
  const [tags, setTags] = useState(post.tags.join(", "));
  const [alts, setAlts] = useState(() =>
    Object.fromEntries(post.images.map((image) => [image.id, image.alt])),
  );
  const [visibility, setVisibility] = useState(post.visibility);
  const [showPrompt, setShowPrompt] = useState(post.show_prompt);
  const [busy, setBusy] = useState(false);

  const rewritten = post.images.filter((image) => alts[image.id] !== image.alt);
  const unsaved = caption !== post.caption || tags !== post.tags.join(", ") || rewritten.length > 0;

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const change = {
      caption: caption.trim(),
      // Left alone, they follow a prompt that is hidden now.
      ...(tags !== post.tags.join(", ") && { tags: parseTags(tags) }),
      visibility,
      show_prompt: showPrompt,
      ...(rewritten.length > 0 && {
        alt: Object.fromEntries(rewritten.map((image) => [image.id, (alts[image.id] ?? "").trim()])),
      }),
    };
    const done = await attempt(() => changePost(post.id, change));
    setBusy(false);
    if (!done) return;
    toast(text.post.changed);
    onClose();
  }

  return (
    <DraftDialog
      open
      unsaved={unsaved}
      onClose={onClose}
      title={text.post.edit}
      footer={
        <>
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button look="primary" type="submit" form="edit-post" busy={busy}>
            {text.common.save}
          </Button>
        </>
      }
    >
      <form id="edit-post" className={styles.form} onSubmit={(event) => void submit(event)}>
        <TextArea
          label={text.publish.caption}
          rows={3}
          maxLength={2200}
          value={caption}
          onChange={(event) => setCaption(event.target.value)}
        />
        {post.images.map((image, index) => (
          <TextArea
            key={image.id}
            label={post.images.length > 1 ? text.publish.altOf(index + 1) : text.publish.alt}
            rows={2}
            maxLength={1500}
            value={alts[image.id] ?? ""}
            onChange={(event) => setAlts({ ...alts, [image.id]: event.target.value })}
          />
        ))}
        <Field
          label={text.publish.tags}
          hint={text.publish.tagsHint}
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <VisibilityChoice value={visibility} onChange={setVisibility} />
        <Toggle
          label={text.publish.showPrompt}
          hint={text.publish.showPromptHint}
          checked={showPrompt}
          onChange={setShowPrompt}
        />
      </form>
    </DraftDialog>
  );
}
