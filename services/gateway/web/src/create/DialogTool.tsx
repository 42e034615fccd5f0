import { type ComponentProps, type ComponentType, Suspense, useState } from "react";
import { useSession } from "../data/session";
import { Button } from "../ui/Button";
import styles from "./DialogTool.module.css";

interface Props extends Omit<ComponentProps<typeof Button>, "onClick" | "size" | "className"> {
  /** May be lazy: it is rendered only once it is asked for. */
  dialog: ComponentType<{ onClose: () => void }>;
}

/** A small button beside the prompt that opens a dialog. Only for those signed in. */
export function DialogTool({ dialog: ToolDialog, ...button }: Props) {
  const signedIn = useSession((session) => session.state === "in");
  const [open, setOpen] = useState(false);
  if (!signedIn) return null;
  return (
    <>
      <Button {...button} size="s" className={styles.tool} onClick={() => setOpen(true)} />
      {open && (
        <Suspense fallback={null}>
          <ToolDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
