import { Navigate, useNavigate, useSearchParams } from "react-router";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { usePageTitle } from "../ui/usePageTitle";
import { AuthForm } from "./AuthForm";
import styles from "./AuthPage.module.css";
import { ownPath } from "./errand";

/** Logging in or signing up as a page of its own, for links from elsewhere. */
function AuthPage({ form }: { form: "login" | "signup" }) {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const signedIn = useSession((session) => session.state === "in");
  usePageTitle(form === "signup" ? text.auth.signUp : text.auth.logIn);
  const target = ownPath(params.get("next"));
  if (signedIn) return <Navigate to={target} replace />;
  return (
    <section className={styles.page}>
      <h1>{form === "signup" ? text.auth.welcome : text.auth.welcomeBack}</h1>
      <AuthForm
        form={form}
        errand={{ next: target }}
        onSwitch={(other) => void navigate(`/${other}?${params}`, { replace: true })}
        onDone={() => void navigate(target, { replace: true })}
      />
    </section>
  );
}

export const LoginPage = () => <AuthPage form="login" />;
export const SignupPage = () => <AuthPage form="signup" />;
