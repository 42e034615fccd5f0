import { useEffect, useState } from "react";
import type { Picture as PictureFacts } from "../api/types";
import styles from "./Picture.module.css";
import { placeholder } from "./thumbhash";

interface Props {
  picture: PictureFacts;
  /** The width it will be shown at, as the `sizes` attribute wants it. */
  sizes: string;
  eager?: boolean;
  /** An empty text where the surroundings already say what it shows. */
  alt?: string;
  fit?: "cover" | "contain";
}

function srcset(picture: PictureFacts): string {
  const ladder = Object.entries(picture.sources.webp).map(([width, url]) => {
    const pixels = Number(width) || picture.width;
    return `${url} ${Math.min(pixels, picture.width)}w`;
  });
  ladder.push(`${picture.sources.original} ${picture.width}w`);
  return ladder.join(", ");
}

/** A picture in a box of known shape, over its ThumbHash until it has come. */
export function Picture({ picture, sizes, eager = false, alt = picture.alt, fit = "cover" }: Props) {
  const [state, setState] = useState<"coming" | "here" | "broken">("coming");
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (state !== "broken") return;
    const again = () => setTries((before) => before + 1);
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, [state]);
  const blurred = placeholder(picture.thumbhash);
  return (
    <img
      key={tries}
      className={styles.picture}
      data-state={state}
      src={picture.sources.original}
      srcSet={srcset(picture)}
      sizes={sizes}
      width={picture.width}
      height={picture.height}
      alt={alt}
      loading={eager ? "eager" : "lazy"}
      fetchPriority={eager ? "high" : undefined}
      decoding="async"
      draggable={false}
      onLoad={() => setState("here")}
      onError={() => setState("broken")}
      style={{
        objectFit: fit,
        backgroundColor: blurred?.color,
        backgroundImage: state !== "here" && blurred ? `url(${blurred.image})` : undefined,
      }}
    />
  );
}
