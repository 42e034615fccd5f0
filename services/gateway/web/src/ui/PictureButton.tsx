import type { ReactNode } from "react";
import type { Picture as PictureFacts } from "../api/types";
import { Picture } from "./Picture";
import styles from "./PictureButton.module.css";

interface Props {
  picture: PictureFacts;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  children?: ReactNode;
}

/** A square picture that can be chosen; with `pressed` one of several that stay chosen. */
export function PictureButton({ picture, label, onClick, pressed, children }: Props) {
  return (
    <button type="button" className={styles.pick} aria-pressed={pressed} aria-label={label} onClick={onClick}>
      <Picture picture={picture} sizes="200px" alt="" />
      {children}
    </button>
  );
}
