import { useCreateDraft } from "../create/draft";
import { startFromDraft } from "../create/jobs";
import { asSomebody, useOverlays } from "../shell/overlays";

/** Paint these words now and show the work in the composer. A stranger signs up first; the words are kept. */
export function paint(prompt: string): void {
  useCreateDraft.setState({ prompt });
  asSomebody(
    () => {
      useOverlays.setState({ composer: {} });
      void startFromDraft();
    },
    { form: "signup", paints: true },
  );
}
