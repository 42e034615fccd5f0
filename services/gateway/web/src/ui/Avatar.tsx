import type { Person } from "../api/types";
import styles from "./Avatar.module.css";

/** A stable hue for a name, so that people without a picture can still be told apart. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 360;
  return hash;
}

export function Avatar({ person, size = 28 }: { person: Person; size?: number }) {
  const source = person.avatar?.webp["320"] ?? person.avatar?.original;
  const box = { width: size, height: size };
  if (source)
    return <img className={styles.avatar} src={source} alt="" style={box} loading="lazy" decoding="async" />;
  const initial = [...(person.display_name.trim() || person.username)][0]?.toUpperCase();
  return (
    <span
      className={styles.avatar}
      aria-hidden
      style={{ ...box, fontSize: size * 0.42, background: `oklch(0.86 0.075 ${hueOf(person.username)})` }}
    >
      {initial}
    </span>
  );
}
