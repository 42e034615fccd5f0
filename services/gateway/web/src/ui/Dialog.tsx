import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { text } from "../text/en";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

interface Props {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  /** `sheet` comes from the side, or from below on a narrow screen, and leaves the page behind it in place. */
  form?: "dialog" | "wide" | "sheet";
}

const FIELDS = "textarea, input:is(:not([type]), [type=text], [type=email], [type=password], [type=search])";

export function Dialog({ open, onClose, title, children, footer, form = "dialog" }: Props) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          className={`${styles.popup} ${styles[form]}`}
          // What there is to fill in comes first. A finger would only get the keyboard over it.
          initialFocus={(by) => (by !== "touch" && body.current?.querySelector<HTMLElement>(FIELDS)) || true}
        >
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close render={<IconButton label={text.common.close} />}>
              <X />
            </Base.Close>
          </header>
          <div ref={body} className={styles.body}>
            {children}
          </div>
          {footer && <footer className={styles.foot}>{footer}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
