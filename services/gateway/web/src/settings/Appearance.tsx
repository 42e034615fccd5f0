import { useState } from "react";
import { changeMe } from "../data/account";
import { text } from "../text/en";
import { Choice } from "../ui/Choice";
import { Section } from "./Section";
import { applyTheme, readTheme, type Theme } from "./theme";

const THEMES: Theme[] = ["system", "light", "dark"];

export function Appearance() {
  const [theme, setTheme] = useState(readTheme);
  return (
    <Section title={text.settings.appearance}>
      <Choice
        label={text.settings.theme}
        value={theme}
        options={THEMES.map((value) => ({ value, label: text.nav.theme[value] }))}
        onChange={(next) => {
          setTheme(next);
          applyTheme(next);
          // It holds on this device either way; other devices learn of it from the account.
          void changeMe({ preferences: { theme: next } }).catch(() => {});
        }}
      />
    </Section>
  );
}
