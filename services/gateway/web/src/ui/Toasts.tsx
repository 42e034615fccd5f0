import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { text } from "../text/en";
import { IconButton } from "./Button";
import styles from "./Toasts.module.css";
import { dismiss, shownMs, type Toast, useToasts } from "./toasts";

function ToastRow({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(toast.id), shownMs(toast));
    return () => clearTimeout(timer);
  }, [toast, held]);
  return (
    <li
      className={styles.toast}
      data-tone={toast.tone}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{toast.message}</span>
      {toast.action && (
        <button
          type="button"
          className={styles.action}
          onClick={() => {
            toast.action?.run();
            dismiss(toast.id);
          }}
        >
          {toast.action.label}
        </button>
      )}
      <IconButton label={text.common.close} className={styles.close} onClick={() => dismiss(toast.id)}>
        <X />
      </IconButton>
    </li>
  );
}

/**
 * Short news at the edge of the page, above what lies over it: what a dialog asked for may be refused. They wait while
 * pointed at, so that Undo can be reached.
 */
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return createPortal(
    <ol className={styles.toasts} aria-live="polite" aria-relevant="additions">
      {toasts.map((item) => (
        <ToastRow key={item.id} toast={item} />
      ))}
    </ol>,
    document.body,
  );
}
