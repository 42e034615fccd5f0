import { ArrowUp } from "lucide-react";
import { useState } from "react";
import { useCreateDraft } from "../create/draft";
import { intend } from "../data/generations";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import styles from "./QuickPrompt.module.css";
import { paint } from "./quick";

/** One line that turns words into a picture, from wherever one is. The rest of the controls live in the composer. */
export function QuickPrompt({ large = false }: { large?: boolean }) {
  const [words, setWords] = useState(() => useCreateDraft.getState().prompt);
  return (
    <form
      className={styles.box}
      data-large={large || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        const prompt = words.trim();
        if (!prompt) return;
        paint(prompt);
        // Whoever has to sign up first may think better of it.
        if (useSession.getState().state === "in") setWords("");
      }}
    >
      <input
        aria-label={text.create.promptLabel}
        placeholder={text.create.placeholder}
        value={words}
        maxLength={1000}
        enterKeyHint="go"
        autoComplete="off"
        onFocus={intend}
        onChange={(event) => setWords(event.target.value)}
      />
      <IconButton type="submit" label={text.create.run} className={styles.go} disabled={!words.trim()}>
        <ArrowUp />
      </IconButton>
    </form>
  );
}
