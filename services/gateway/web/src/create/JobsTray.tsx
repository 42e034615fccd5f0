import { useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { isOver } from "../data/generations";
import { openComposer, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { Spinner } from "../ui/Spinner";
import { toast } from "../ui/toasts";
import styles from "./JobsTray.module.css";
import { useJobs } from "./jobs";

/** Tells, wherever one is, that pictures are being made, and when they are ready. */
export default function JobsTray() {
  const jobs = useJobs((state) => state.jobs);
  const inSight = useOverlays((state) => state.composer !== null);
  const atWork = useLocation().pathname === "/create" || inSight;
  const busy = Object.values(jobs).filter((job) => !isOver(job.generation.status)).length;
  const ready = Object.values(jobs).filter((job) => job.generation.status === "ready").length;
  const known = useRef(ready);

  useEffect(() => {
    if (ready > known.current) {
      if (!atWork) {
        toast(text.create.readyToast, { action: { label: text.create.look, run: () => openComposer() } });
      }
      if (document.hidden) {
        const title = document.title;
        document.title = `${text.create.tabReady(ready - known.current)} · ${title}`;
        addEventListener("focus", () => (document.title = title), { once: true });
      }
    }
    known.current = ready;
  }, [ready, atWork]);

  if (busy === 0 || atWork) return null;
  return (
    <button type="button" className={styles.tray} onClick={() => openComposer()}>
      <Spinner />
      {text.create.inFlight(busy)}
    </button>
  );
}
