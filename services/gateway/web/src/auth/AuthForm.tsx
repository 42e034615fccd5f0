import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Problem } from "../api/problem";
import { logIn, signUp } from "../data/session";
import { text } from "../text/en";
import { Button, IconButton } from "../ui/Button";
import { Field } from "../ui/Field";
import { explain } from "../ui/Message";
import styles from "./AuthForm.module.css";
import type { Errand } from "./errand";
import { IssuerButton } from "./IssuerButton";
import { useOnboarding } from "./onboarding";

interface Props {
  form: "login" | "signup";
  /** What to take along to the outside issuer's page. */
  errand: Errand;
  onSwitch: (form: "login" | "signup") => void;
  onDone: () => void;
}

/** The field that a refusal is about, when it is about one. */
function fieldError(error: unknown, name: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  if (error.code === `${name}_taken`) return explain(error);
  return error.field(name);
}

export function AuthForm({ form, errand, onSwitch, onDone }: Props) {
  const [values, setValues] = useState({ username: "", email: "", password: "", login: "" });
  const [visible, setVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const signingUp = form === "signup";

  function bind(name: keyof typeof values) {
    return {
      name,
      value: values[name],
      required: true,
      error: fieldError(error, name),
      onChange: (event: { target: { value: string } }) =>
        setValues({ ...values, [name]: event.target.value }),
    };
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { username, email, password, login } = values;
      if (signingUp) {
        await signUp({ username: username.trim().toLowerCase(), email: email.trim(), password });
        useOnboarding.setState({ due: true });
      } else await logIn({ login: login.trim(), password });
      onDone();
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(false);
    }
  }

  const general =
    error && !["username", "email", "password", "login"].some((name) => fieldError(error, name))
      ? explain(error)
      : null;

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      {signingUp ? (
        <>
          <Field
            {...bind("username")}
            label={text.auth.username}
            hint={text.auth.usernameHint}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            minLength={3}
            maxLength={30}
            pattern="\s*[A-Za-z0-9_]{3,30}\s*"
            title={text.auth.usernameHint}
          />
          <Field {...bind("email")} label={text.auth.email} type="email" autoComplete="email" />
        </>
      ) : (
        <Field
          {...bind("login")}
          label={text.auth.login}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
        />
      )}
      <Field
        {...bind("password")}
        label={text.auth.password}
        {...(signingUp && { hint: text.auth.passwordHint, minLength: 8 })}
        type={visible ? "text" : "password"}
        autoComplete={signingUp ? "new-password" : "current-password"}
        trailing={
          <IconButton
            label={visible ? text.auth.hidePassword : text.auth.showPassword}
            onClick={() => setVisible(!visible)}
          >
            {visible ? <EyeOff /> : <Eye />}
          </IconButton>
        }
      />
      {general && (
        <p className={styles.error} role="alert">
          {general}
        </p>
      )}
      <Button type="submit" look="accent" size="l" busy={busy}>
        {signingUp ? text.auth.signUp : text.auth.logIn}
      </Button>
      <IssuerButton errand={errand} />
      <p className={styles.switch}>
        {signingUp ? text.auth.haveAccount : text.auth.noAccount}{" "}
        <button
          type="button"
          onClick={() => {
            setError(null);
            onSwitch(signingUp ? "login" : "signup");
          }}
        >
          {signingUp ? text.auth.logIn : text.auth.signUp}
        </button>
      </p>
    </form>
  );
}
