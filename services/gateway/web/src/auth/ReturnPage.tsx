import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { Problem } from "../api/problem";
import { useCreateDraft } from "../create/draft";
import { startFromDraft } from "../create/jobs";
import { arrive } from "../data/issuer";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { explain } from "../ui/Message";
import { Spinner } from "../ui/Spinner";
import { usePageTitle } from "../ui/usePageTitle";
import { AuthForm } from "./AuthForm";
import pageStyles from "./AuthPage.module.css";
import { type Errand, takeErrand } from "./errand";
import { useOnboarding } from "./onboarding";

/** Where the issuer sends people back to: logs them in and leads them to where they were, or says why not. */
export function ReturnPage() {
  usePageTitle(text.auth.logIn);
  const navigate = useNavigate();
  const [failed, setFailed] = useState<{ reason: string; errand: Errand } | null>(null);

  useEffect(() => {
    let here = true;
    void arriveOnce().then(({ reason, errand }) => {
      if (!here) return;
      if (reason === null) void navigate(errand.draft ? "/create" : errand.next, { replace: true });
      else setFailed({ reason, errand });
    });
    return () => {
      here = false;
    };
  }, [navigate]);

  if (!failed) {
    return (
      <p className={pageStyles.arriving} role="status">
        <Spinner /> {text.auth.arriving}
      </p>
    );
  }
  const leaveFor = (form: string) => void navigate(`/${form}?next=${encodeURIComponent(failed.errand.next)}`);
  return (
    <section className={pageStyles.page}>
      <h1>{text.auth.notIn}</h1>
      <p role="alert">{failed.reason}</p>
      <AuthForm
        form="login"
        errand={failed.errand}
        onSwitch={leaveFor}
        onDone={() => void navigate(failed.errand.next, { replace: true })}
      />
    </section>
  );
}

interface Outcome {
  /** Why nobody is logged in; null when somebody is. */
  reason: string | null;
  errand: Errand;
}

let arriving: Promise<Outcome> | null = null;

/** A code is good once, however often the page is drawn. */
function arriveOnce(): Promise<Outcome> {
  arriving ??= arriveNow();
  return arriving;
}

async function arriveNow(): Promise<Outcome> {
  const back = Object.fromEntries(new URLSearchParams(location.search));
  // Neither the history nor whoever looks over a shoulder needs the code.
  history.replaceState(history.state, "", location.pathname);
  const errand = takeErrand();
  // An older session that is just being restored, or found dead, must not come after the new one.
  await sessionKnown();
  const reason = await attemptArrival(back, errand);
  // The browser's back button leads here again with a code that was used: whoever is in, is in.
  return { reason: useSession.getState().state === "in" ? null : reason, errand };
}

async function attemptArrival(back: Record<string, string>, errand: Errand): Promise<string | null> {
  const { code, state, iss, error } = back;
  if (error || !code || !state) return text.auth.issuerSaid[error ?? ""] ?? text.auth.issuerFailed;
  try {
    const { isNew } = await arrive({ code, state, ...(iss && { iss }) });
    if (isNew) useOnboarding.setState({ due: true });
    if (errand.draft) {
      useCreateDraft.setState(errand.draft);
      void startFromDraft();
    }
    return null;
  } catch (refusal) {
    return refusal instanceof Problem ? explain(refusal) : text.auth.issuerFailed;
  }
}

function sessionKnown(): Promise<void> {
  return new Promise((resolve) => {
    if (useSession.getState().state !== "unknown") resolve();
    else {
      const stop = useSession.subscribe(({ state }) => {
        if (state === "unknown") return;
        stop();
        resolve();
      });
    }
  });
}
