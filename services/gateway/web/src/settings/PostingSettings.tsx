import type { Preferences } from "../api/types";
import { VisibilityChoice } from "../create/VisibilityChoice";
import { changeMe } from "../data/account";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Toggle } from "../ui/Toggle";
import { Section } from "./Section";

export function PostingSettings({ preferences }: { preferences: Preferences }) {
  return (
    <Section title={text.settings.posting}>
      <VisibilityChoice
        value={preferences.default_visibility ?? "public"}
        onChange={(value) => void attempt(() => changeMe({ preferences: { default_visibility: value } }))}
      />
      <Toggle
        label={text.publish.showPrompt}
        hint={text.publish.showPromptHint}
        checked={preferences.show_prompt ?? true}
        onChange={(value) => void attempt(() => changeMe({ preferences: { show_prompt: value } }))}
      />
    </Section>
  );
}
