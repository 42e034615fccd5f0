import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import { text } from "../text/en";
import styles from "./Note.module.css";

function watchConnection(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

export function useOnline(): boolean {
  return useSyncExternalStore(watchConnection, () => navigator.onLine);
}

export function OfflineNote() {
  if (useOnline()) return null;
  return (
    <p className={styles.note} role="status">
      <WifiOff aria-hidden />
      {text.errors.offline}
    </p>
  );
}
