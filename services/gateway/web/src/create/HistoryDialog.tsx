import { Trash2 } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { forgetPrompt, usePrompts } from "../data/prompts";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { ago } from "../text/format";
import { IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { LoadMore } from "../ui/LoadMore";
import { Failure } from "../ui/Message";
import { Spinner } from "../ui/Spinner";
import { useCreateDraft } from "./draft";
import styles from "./HistoryDialog.module.css";

/** Every prompt one has used, searchable. It outlives the pictures. */
export default function HistoryDialog({ onClose }: { onClose: () => void }) {
  const [words, setWords] = useState("");
  const q = useDeferredValue(words.trim());
  const prompts = usePrompts(q, true);
  const items = prompts.data?.pages.flatMap((page) => page.items) ?? [];

  function use(prompt: string) {
    useCreateDraft.setState({ prompt });
    onClose();
  }

  return (
    <Dialog open onClose={onClose} title={text.create.history}>
      <Field
        label={text.history.search}
        hint={text.create.historyHint}
        type="search"
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      {prompts.isPending && <Spinner />}
      {prompts.isError && <Failure error={prompts.error} retry={() => void prompts.refetch()} />}
      {prompts.isSuccess && items.length === 0 && (
        <p className={styles.empty}>{q ? text.history.none(q) : text.create.historyEmpty}</p>
      )}
      <ul className={styles.list}>
        {items.map((item) => (
          <li key={item.id} className={styles.item}>
            <button type="button" className={styles.prompt} onClick={() => use(item.prompt)}>
              <span>{item.prompt}</span>
              <time dateTime={item.used_at}>{ago(item.used_at)}</time>
            </button>
            <IconButton
              label={text.history.forget(item.prompt)}
              onClick={() => void attempt(() => forgetPrompt(item.id))}
            >
              <Trash2 />
            </IconButton>
          </li>
        ))}
      </ul>
      <LoadMore list={prompts} />
    </Dialog>
  );
}
