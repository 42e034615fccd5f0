import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { MutedWord } from "../api/types";
import { changeMe } from "../data/account";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button, IconButton } from "../ui/Button";
import { Field } from "../ui/Field";
import { toast } from "../ui/toasts";
import { Section } from "./Section";
import styles from "./Settings.module.css";

function store(words: MutedWord[]): Promise<boolean> {
  return attempt(() => changeMe({ preferences: { muted_words: words } }));
}

export function MutedWords({ words }: { words: MutedWord[] }) {
  const [word, setWord] = useState("");

  async function add(event: FormEvent) {
    event.preventDefault();
    const fresh = word.trim().toLowerCase();
    if (!fresh || words.some((known) => known.word === fresh)) return setWord("");
    if (await store([...words, { word: fresh }])) setWord("");
  }

  async function remove(gone: MutedWord) {
    if (!(await store(words.filter((known) => known !== gone)))) return;
    toast(gone.word, { action: { label: text.common.undo, run: () => void store(words) } });
  }

  return (
    <Section title={text.settings.mutedWords} hint={text.settings.mutedWordsHint}>
      <form className={styles.line} onSubmit={(event) => void add(event)}>
        <Field
          label={text.settings.muteWord}
          value={word}
          maxLength={100}
          onChange={(event) => setWord(event.target.value)}
        />
        <Button type="submit" disabled={!word.trim()}>
          {text.settings.add}
        </Button>
      </form>
      {words.length > 0 && (
        <ul className={styles.words}>
          {words.map((item) => (
            <li key={item.word}>
              {item.word}
              <IconButton label={text.settings.unmuteWord(item.word)} onClick={() => void remove(item)}>
                <X />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
