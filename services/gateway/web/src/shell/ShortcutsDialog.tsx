import { text } from "../text/en";
import { Dialog } from "../ui/Dialog";
import { useOverlays } from "./overlays";
import styles from "./ShortcutsDialog.module.css";

export default function ShortcutsDialog() {
  return (
    <Dialog open onClose={() => useOverlays.setState({ shortcuts: false })} title={text.shortcuts.title}>
      {text.shortcuts.groups.map((group) => (
        <section key={group.title} className={styles.group}>
          <h3>{group.title}</h3>
          <dl>
            {group.keys.map(([keys = "", meaning]) => (
              <div key={keys}>
                <dt>
                  {keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
