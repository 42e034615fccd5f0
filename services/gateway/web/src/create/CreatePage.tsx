import { useSession } from "../data/session";
import { text } from "../text/en";
import { usePageTitle } from "../ui/usePageTitle";
import { Composer } from "./Composer";
import styles from "./CreatePage.module.css";
import { Creations } from "./Creations";

/** The composer, and everything one has made. */
export function CreatePage() {
  usePageTitle(text.nav.pictures);
  const signedIn = useSession((session) => session.state === "in");
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{text.create.title}</h1>
      <div className={styles.composer}>
        <Composer autoFocus={matchMedia("(hover: hover)").matches} />
      </div>
      {signedIn && <Creations />}
    </div>
  );
}
