import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./Button.module.css";
import { Spinner } from "./Spinner";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "primary" | "accent" | "quiet" | "outline" | "danger";
  size?: "s" | "m" | "l";
  busy?: boolean;
  icon?: ReactNode;
}

export function Button({
  look = "quiet",
  size = "m",
  busy = false,
  icon,
  children,
  className,
  ...rest
}: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={[styles.button, styles[look], styles[size], className].filter(Boolean).join(" ")}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  pressed?: boolean;
  over?: boolean;
}

/** A button that shows only an icon; `label` is its name. `over` is for buttons that lie on a picture. */
export function IconButton({ label, pressed, over, children, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      {...rest}
      className={[styles.icon, over && styles.over, className].filter(Boolean).join(" ")}
    >
      {children}
    </button>
  );
}

/** The look of a button on a link. */
export function buttonClass(
  look: "primary" | "accent" | "quiet" | "outline" = "quiet",
  size: "s" | "m" | "l" = "m",
): string {
  return [styles.button, styles[look], styles[size]].join(" ");
}
