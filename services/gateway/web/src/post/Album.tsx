import { ChevronLeft, ChevronRight } from "lucide-react";
import { type CSSProperties, useState } from "react";
import type { Picture as PictureFacts } from "../api/types";
import { useKeys } from "../shell/keys";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import { Picture } from "../ui/Picture";
import { placeholder } from "../ui/thumbhash";
import styles from "./Album.module.css";

/** Beyond this many times its own size a picture is only blur. */
const LARGEST_ZOOM = 2.5;

/** A post's pictures, whole. The frame has one shape for all of them, so that leafing through never moves the page. */
export function Album({ pictures }: { pictures: PictureFacts[] }) {
  const [at, setAt] = useState(0);
  const step = (by: number) => setAt((at + by + pictures.length) % pictures.length);
  useKeys(pictures.length > 1 ? { ArrowRight: () => step(1), ArrowLeft: () => step(-1) } : {});
  const shown = pictures[at];
  if (!shown) return null;
  const frame = {
    "--ratio": Math.max(...pictures.map((picture) => picture.width / picture.height)),
    "--largest": `${LARGEST_ZOOM * Math.max(...pictures.map((picture) => picture.width))}px`,
  } as CSSProperties;
  const color = placeholder(shown.thumbhash)?.color;
  return (
    <section className={styles.album} aria-label={text.post.album}>
      <div className={styles.frame} style={{ ...frame, backgroundColor: color }}>
        <Picture key={shown.id} picture={shown} sizes="(min-width: 64rem) 60vw, 100vw" eager fit="contain" />
        {pictures.length > 1 && (
          <>
            <IconButton over label={text.post.previous} className={styles.previous} onClick={() => step(-1)}>
              <ChevronLeft />
            </IconButton>
            <IconButton over label={text.post.next} className={styles.next} onClick={() => step(1)}>
              <ChevronRight />
            </IconButton>
          </>
        )}
      </div>
      {pictures.length > 1 && (
        <ul className={styles.strip}>
          {pictures.map((picture, index) => (
            <li key={picture.id}>
              <button
                type="button"
                aria-label={text.post.picture(index + 1, pictures.length)}
                aria-current={index === at || undefined}
                onClick={() => setAt(index)}
              >
                <Picture picture={picture} sizes="64px" alt="" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
