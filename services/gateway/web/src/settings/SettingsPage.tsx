import { Link } from "react-router";
import { useMe } from "../data/session";
import { SignInWall } from "../shell/SignInWall";
import { text } from "../text/en";
import { buttonClass } from "../ui/Button";
import { usePageTitle } from "../ui/usePageTitle";
import { Appearance } from "./Appearance";
import { DataSettings } from "./DataSettings";
import { Decisions } from "./Decisions";
import { MutedWords } from "./MutedWords";
import { NotificationSettings } from "./NotificationSettings";
import { PasswordForm } from "./PasswordForm";
import { PeopleSettings } from "./PeopleSettings";
import { PostingSettings } from "./PostingSettings";
import { ProfileForm } from "./ProfileForm";
import { Section } from "./Section";
import styles from "./Settings.module.css";
import { SignInSettings } from "./SignInSettings";

export function SettingsPage() {
  usePageTitle(text.settings.title);
  const me = useMe();
  return (
    <SignInWall>
      {me && (
        <div className={styles.page}>
          <h1>{text.settings.title}</h1>
          <ProfileForm me={me} />
          <Appearance />
          <Section title={text.taste.title} hint={text.taste.hint}>
            <div className={styles.end}>
              <Link to="/settings/taste" className={buttonClass()}>
                {text.taste.open}
              </Link>
            </div>
          </Section>
          <PostingSettings preferences={me.preferences} />
          <NotificationSettings preferences={me.preferences} />
          <MutedWords words={me.preferences.muted_words ?? []} />
          <PeopleSettings />
          <Decisions />
          <SignInSettings />
          {me.has_password && <PasswordForm />}
          <DataSettings me={me} />
        </div>
      )}
    </SignInWall>
  );
}
