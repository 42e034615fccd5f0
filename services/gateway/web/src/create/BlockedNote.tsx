import { type FormEvent, useState } from "react";
import type { Generation } from "../api/types";
import { appeal } from "../data/safety";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import styles from "./BlockedNote.module.css";

/** Why there is no picture, which words caused it, and what can be done. */
export function BlockedNote({ generation }: { generation: Generation }) {
  const { decision } = generation;
  if (generation.status === "failed" || !decision) {
    return <p className={styles.note}>{generation.error?.detail ?? text.create.failedText}</p>;
  }
  return (
    <div className={styles.note}>
      <p className={styles.title}>{text.create.blockedTitle}</p>
      <p>{decision.reason}</p>
      {decision.stage === "prompt" && decision.span && (
        <p>
          {text.create.blockedPart}: <Marked words={generation.prompt} span={decision.span} />
        </p>
      )}
      <Appeal decisionId={decision.id} />
    </div>
  );
}

/** The prompt with the offending part marked. Spans count characters, not UTF-16 units. */
export function Marked({ words, span: [start, end] }: { words: string; span: [number, number] }) {
  const characters = [...words];
  return (
    <q className={styles.quote}>
      {characters.slice(0, start).join("")}
      <mark>{characters.slice(start, end).join("")}</mark>
      {characters.slice(end).join("")}
    </q>
  );
}

export function Appeal({ decisionId }: { decisionId: string }) {
  const [state, setState] = useState<"closed" | "open" | "busy" | "sent">("closed");
  const [words, setWords] = useState("");

  async function send(event: FormEvent) {
    event.preventDefault();
    setState("busy");
    setState((await attempt(() => appeal(decisionId, words.trim()))) ? "sent" : "open");
  }

  if (state === "sent") return <p role="status">{text.create.appealed}</p>;
  if (state === "closed") {
    return (
      <Button size="s" look="outline" className={styles.ask} onClick={() => setState("open")}>
        {text.create.appeal}
      </Button>
    );
  }
  return (
    <form className={styles.appeal} onSubmit={(event) => void send(event)}>
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the field takes the place of the button that was pressed
        autoFocus
        aria-label={text.create.appealPlaceholder}
        placeholder={text.create.appealPlaceholder}
        rows={2}
        maxLength={1000}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <Button type="submit" size="s" look="primary" busy={state === "busy"} disabled={!words.trim()}>
        {text.create.appealSend}
      </Button>
    </form>
  );
}
