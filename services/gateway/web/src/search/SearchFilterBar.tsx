import { RotateCcw, SlidersHorizontal } from "lucide-react";
import { type ReactNode, useEffect, useId, useState } from "react";
import { useSearchParams } from "react-router";
import { useModels } from "../data/models";
import type { SearchFilters } from "../data/search";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { withFilter, withoutFilters } from "./filters";
import styles from "./SearchFilterBar.module.css";

/** Filters of the search, kept in the address so that a search can be shared and gone back to. */
export function SearchFilterBar({ filters }: { filters: SearchFilters }) {
  const [params, setParams] = useSearchParams();
  const models = useModels().data?.models ?? [];
  const set = Object.keys(filters).filter((name) => name !== "q" && name !== "sort").length;
  const [open, setOpen] = useState(set > 0);
  const aspects = [...new Set(models.flatMap((model) => Object.keys(model.sizes)))];
  const change = (name: Parameters<typeof withFilter>[1], value: string) =>
    setParams(withFilter(params, name, value), { replace: true });

  return (
    <section className={styles.bar} aria-label={text.search.filters}>
      <div className={styles.row}>
        <Select
          label={text.search.sort}
          value={filters.sort ?? "relevance"}
          onChange={(value) => change("sort", value === "relevance" ? "" : value)}
        >
          {Object.entries(text.search.sorts).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        <Button size="s" icon={<SlidersHorizontal />} aria-expanded={open} onClick={() => setOpen(!open)}>
          {text.search.filters}
          {set > 0 && ` · ${set}`}
        </Button>
        {set > 0 && (
          <Button
            size="s"
            icon={<RotateCcw />}
            onClick={() => setParams(withoutFilters(params), { replace: true })}
          >
            {text.search.reset}
          </Button>
        )}
      </div>
      {open && (
        <div className={styles.row}>
          {aspects.length > 1 && (
            <Select
              label={text.search.aspect}
              value={filters.aspect ?? ""}
              onChange={(value) => change("aspect", value)}
            >
              <option value="">{text.search.any}</option>
              {aspects.map((aspect) => (
                <option key={aspect}>{aspect}</option>
              ))}
            </Select>
          )}
          {models.length > 1 && (
            <Select
              label={text.search.model}
              value={filters.model ?? ""}
              onChange={(value) => change("model", value)}
            >
              <option value="">{text.search.any}</option>
              {models.map((model) => (
                <option key={model.id} value={model.id}>
                  {model.title}
                </option>
              ))}
            </Select>
          )}
          <Input
            label={text.search.from}
            type="text"
            placeholder={text.search.fromPlaceholder}
            value={filters.from ?? ""}
            onCommit={(value) => change("from", value.replace(/^@/, ""))}
          />
          <Input
            label={text.search.after}
            type="date"
            value={filters.after ?? ""}
            onCommit={(value) => change("after", value)}
          />
          <Input
            label={text.search.before}
            type="date"
            value={filters.before ?? ""}
            onCommit={(value) => change("before", value)}
          />
        </div>
      )}
    </section>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

function Select({ label, value, onChange, children }: SelectProps) {
  const id = useId();
  return (
    <span className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </span>
  );
}

interface InputProps {
  label: string;
  type: "text" | "date";
  value: string;
  placeholder?: string;
  onCommit: (value: string) => void;
}

/** Takes effect when it is left or Enter is pressed: half a name finds nobody. */
function Input({ label, type, value, placeholder, onCommit }: InputProps) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <span className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={typed}
        placeholder={placeholder}
        maxLength={40}
        autoCapitalize="none"
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => typed.trim() !== value && onCommit(typed.trim())}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </span>
  );
}
