import type { Preferences } from "../api/types";
import { changeMe } from "../data/account";
import { attempt } from "../feed/actions";
import { text } from "../text/en";
import { Toggle } from "../ui/Toggle";
import { Section } from "./Section";

const KINDS = ["like", "comment", "reply", "follow", "remix", "decision"] as const;

export function NotificationSettings({ preferences }: { preferences: Preferences }) {
  return (
    <Section title={text.settings.notifications}>
      {KINDS.map((kind) => (
        <Toggle
          key={kind}
          label={text.settings.notify[kind]}
          checked={preferences.notifications?.[kind] ?? true}
          onChange={(value) =>
            void attempt(() => changeMe({ preferences: { notifications: { [kind]: value } } }))
          }
        />
      ))}
    </Section>
  );
}
