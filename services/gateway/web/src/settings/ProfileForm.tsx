import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import type { Me } from "../api/types";
import { changeMe } from "../data/account";
import { queryClient } from "../data/query";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { TextArea } from "../ui/TextArea";
import { toast } from "../ui/toasts";
import { Section } from "./Section";
import styles from "./Settings.module.css";

export function ProfileForm({ me }: { me: Me }) {
  const [name, setName] = useState(me.display_name);
  const [bio, setBio] = useState(me.bio);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    if (await attempt(() => changeMe({ display_name: name.trim() || null, bio: bio.trim() }))) {
      void queryClient.invalidateQueries({ queryKey: ["profile", me.username] });
      toast(text.common.saved);
    }
    setBusy(false);
  }

  return (
    <Section title={text.settings.profile} hint={me.profile_held ? text.settings.profileHeld : undefined}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <div className={styles.picture}>
          <Avatar person={me} size={64} />
          <div className={styles.handle}>
            <strong>@{me.username}</strong>
            <Link to="/create?show=ready">{text.settings.choosePicture}</Link>
            {me.avatar && (
              <button type="button" onClick={() => void attempt(() => changeMe({ avatar_image_id: null }))}>
                {text.settings.removePicture}
              </button>
            )}
          </div>
        </div>
        <Field
          label={text.settings.displayName}
          value={name}
          maxLength={60}
          autoComplete="name"
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label={text.settings.bio}
          value={bio}
          rows={3}
          maxLength={500}
          onChange={(event) => setBio(event.target.value)}
        />
        <div className={styles.end}>
          <Button type="submit" look="primary" busy={busy}>
            {text.common.save}
          </Button>
        </div>
      </form>
    </Section>
  );
}
