import { SlidersHorizontal, Sparkle } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { intend } from "../data/generations";
import { chosenModel, useModels, useQuota, useStatus } from "../data/models";
import { asSomebody } from "../shell/overlays";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { usePreference } from "../ui/preference";
import styles from "./Composer.module.css";
import { Controls } from "./Controls";
import { LONGEST_PROMPT, useCreateDraft } from "./draft";
import { startFromDraft, useJobs } from "./jobs";
import { PromptHistory } from "./PromptHistory";
import { SourceChoice } from "./SourceChoice";
import { SourcePicture } from "./SourcePicture";
import { usePromptWalk } from "./usePromptWalk";

/** Words, a few settings, and a button. The same one on its own page and in the side sheet. */
export function Composer({ autoFocus = false }: { autoFocus?: boolean }) {
  const draft = useCreateDraft();
  const sending = useJobs((state) => state.sending);
  const models = useModels();
  const [open, setOpen] = usePreference("composer.controls", true);
  const box = useRef<HTMLTextAreaElement>(null);
  const walk = usePromptWalk();
  const model = chosenModel(models.data, draft.model);
  const excess = draft.prompt.length - LONGEST_PROMPT;

  useEffect(() => {
    if (!autoFocus) return;
    const area = box.current;
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  }, [autoFocus]);

  function run() {
    if (excess <= 0) asSomebody(() => void startFromDraft(), { form: "signup", paints: true });
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      void walk(event.key === "ArrowUp" ? 1 : -1);
    }
  }

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      {draft.source && model?.image_to_image !== false && <SourcePicture source={draft.source} />}
      <div className={styles.box}>
        <textarea
          ref={box}
          aria-label={text.create.promptLabel}
          aria-describedby={excess > 0 ? "prompt-excess" : undefined}
          aria-invalid={excess > 0 || undefined}
          aria-keyshortcuts="Control+Enter Alt+ArrowUp Alt+ArrowDown"
          placeholder={text.create.placeholder}
          rows={3}
          value={draft.prompt}
          onChange={(event) => useCreateDraft.setState({ prompt: event.target.value })}
          onFocus={intend}
          onKeyDown={onKeyDown}
        />
        <div className={styles.tools}>
          {model?.image_to_image && <SourceChoice />}
          <PromptHistory />
          <Button
            size="s"
            className={styles.toggle}
            icon={<SlidersHorizontal />}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {text.create.controls}
          </Button>
          <Button
            type="submit"
            look="accent"
            className={styles.run}
            busy={sending}
            disabled={!draft.prompt.trim() || excess > 0}
            icon={<Sparkle />}
            title="Ctrl+Enter"
          >
            {text.create.run}
          </Button>
        </div>
      </div>
      {excess > 0 && (
        <p id="prompt-excess" className={styles.excess} role="alert">
          {text.create.tooLong(excess)}
        </p>
      )}
      {open && <Controls model={model} models={models.data?.models ?? []} />}
      <Warmth />
      <QuotaLeft />
    </form>
  );
}

/** Says so when the painter has to be woken first. */
function Warmth() {
  const { data } = useStatus(15_000);
  if (!data || data.model.state === "warm") return null;
  const words =
    data.model.state === "asleep" && data.model.eta_ms
      ? text.create.asleep(data.model.eta_ms)
      : text.create.waking(data.model.eta_ms);
  return <p className={styles.warmth}>{words}</p>;
}

const WORTH_SAYING = 20;

/** Says so when today's pictures come to an end. */
function QuotaLeft() {
  const { data } = useQuota();
  if (!data || data.remaining > WORTH_SAYING) return null;
  return <p className={styles.quota}>{text.create.quotaLeft(data.remaining, data.resets_in_s)}</p>;
}
