import { useEffect } from "react";
import { Link } from "react-router";
import { closeComposer, type Seedling } from "../shell/overlays";
import { text } from "../text/en";
import { Dialog } from "../ui/Dialog";
import { Composer } from "./Composer";
import styles from "./ComposerSheet.module.css";
import { plant, useCreateDraft } from "./draft";
import { GenerationCard } from "./GenerationCard";
import { useJobs } from "./jobs";

/** The composer at the side of whatever page one is on. The page stays where it is. */
export default function ComposerSheet({ seedling }: { seedling: Seedling }) {
  const remixOf = useCreateDraft((draft) => draft.remixOf);
  const jobs = useJobs((state) => state.jobs);
  useEffect(() => plant(seedling), [seedling]);
  const newestFirst = Object.values(jobs).reverse();
  const title = remixOf ? (
    <>
      {text.create.remixTitle}{" "}
      <span className={styles.from}>{text.create.remixFrom(remixOf.author.username)}</span>
    </>
  ) : (
    text.create.title
  );
  return (
    <Dialog open onClose={closeComposer} title={title} form="sheet">
      <Composer />
      <div className={styles.jobs}>
        {newestFirst.map((job) => (
          <GenerationCard key={job.generation.id} generation={job.generation} compact />
        ))}
      </div>
      <Link to="/create" className={styles.all} onClick={closeComposer}>
        {text.create.all}
      </Link>
    </Dialog>
  );
}
