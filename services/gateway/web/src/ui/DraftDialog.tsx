import { type ComponentProps, useState } from "react";
import { text } from "../text/en";
import { Confirm } from "./Confirm";
import { Dialog } from "./Dialog";

/** A dialog with something to write in: a slip of the finger does not throw away what is not saved. */
export function DraftDialog({
  unsaved,
  onClose,
  children,
  ...props
}: ComponentProps<typeof Dialog> & { unsaved: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <Dialog {...props} onClose={() => (unsaved ? setAsking(true) : onClose())}>
      {children}
      {asking && (
        <Confirm
          title={text.common.discardTitle}
          action={text.common.discard}
          onConfirm={async () => onClose()}
          onClose={() => setAsking(false)}
        >
          {text.common.discardText}
        </Confirm>
      )}
    </Dialog>
  );
}
