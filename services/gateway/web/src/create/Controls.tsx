import { Lock, LockOpen } from "lucide-react";
import { type ReactNode, useId } from "react";
import type { Model } from "../api/types";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import { Choice } from "../ui/Choice";
import styles from "./Controls.module.css";
import { useCreateDraft } from "./draft";

const LARGEST_SEED = 2 ** 32 - 1;

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.row}>
      <span className={styles.label} aria-hidden>
        {label}
      </span>
      {children}
    </div>
  );
}

/** Only what the chosen model can do is offered. */
export function Controls({ model, models }: { model: Model | undefined; models: Model[] }) {
  const draft = useCreateDraft();
  const change = useCreateDraft.setState;
  const aspects = Object.keys(model?.sizes ?? {});
  const most = model?.max_n ?? 4;
  const counts = Array.from({ length: most }, (_, index) => index + 1);
  return (
    <div className={styles.controls}>
      {models.length > 1 && (
        <Row label={text.create.model}>
          <select
            className={styles.select}
            aria-label={text.create.model}
            value={model?.id}
            onChange={(event) => change({ model: event.target.value })}
          >
            {models.map((item) => (
              <option key={item.id} value={item.id}>
                {item.title}
              </option>
            ))}
          </select>
        </Row>
      )}
      {aspects.length > 1 && (
        <Row label={text.create.aspect}>
          <Choice
            label={text.create.aspect}
            value={aspects.includes(draft.aspect) ? draft.aspect : (aspects[0] as string)}
            options={aspects.map((aspect) => ({
              value: aspect,
              label: aspect,
              icon: <Shape size={model?.sizes[aspect] ?? [1, 1]} />,
            }))}
            onChange={(aspect) => change({ aspect })}
          />
        </Row>
      )}
      {most > 1 && (
        <Row label={text.create.count}>
          <Choice
            label={text.create.count}
            value={String(Math.min(draft.n, most))}
            options={counts.map((n) => ({ value: String(n), label: String(n) }))}
            onChange={(n) => change({ n: Number(n) })}
          />
        </Row>
      )}
      {model?.styles && model.styles.length > 0 && (
        <Row label={text.create.style}>
          <Choice
            label={text.create.style}
            value={draft.style ?? ""}
            options={[
              { value: "", label: text.create.noStyle },
              ...model.styles.map((style) => ({ value: style, label: style })),
            ]}
            onChange={(style) => change({ style: style || undefined })}
          />
        </Row>
      )}
      <SeedRow />
      {model?.negative_prompt && <NegativeRow />}
    </div>
  );
}

function Shape({ size: [width, height] }: { size: [number, number] }) {
  const scale = 14 / Math.max(width, height);
  return (
    <span className={styles.shape} style={{ width: width * scale, height: height * scale }} aria-hidden />
  );
}

function SeedRow() {
  const seed = useCreateDraft((draft) => draft.seed);
  const locked = seed !== undefined;
  return (
    <Row label={text.create.seed}>
      <span className={styles.seed}>
        <input
          inputMode="numeric"
          aria-label={text.create.seed}
          placeholder={text.create.seedRandom}
          value={seed ?? ""}
          onChange={(event) => {
            const digits = event.target.value.replace(/\D/g, "");
            useCreateDraft.setState({ seed: digits ? Math.min(Number(digits), LARGEST_SEED) : undefined });
          }}
        />
        <IconButton
          label={locked ? text.create.seedRandom : text.create.seedLock}
          pressed={locked}
          onClick={() =>
            useCreateDraft.setState({
              seed: locked ? undefined : crypto.getRandomValues(new Uint32Array(1))[0],
            })
          }
        >
          {locked ? <Lock /> : <LockOpen />}
        </IconButton>
      </span>
    </Row>
  );
}

function NegativeRow() {
  const id = useId();
  const negative = useCreateDraft((draft) => draft.negative);
  return (
    <div className={styles.row}>
      <label className={styles.label} htmlFor={id}>
        {text.create.negative}
      </label>
      <input
        id={id}
        className={styles.line}
        placeholder={text.create.negativePlaceholder}
        maxLength={1000}
        value={negative}
        onChange={(event) => useCreateDraft.setState({ negative: event.target.value })}
      />
    </div>
  );
}
