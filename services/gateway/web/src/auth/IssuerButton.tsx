import { LogIn } from "lucide-react";
import { useEffect, useState } from "react";
import { authorizationUrl, useIssuer } from "../data/issuer";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { explain } from "../ui/Message";
import styles from "./AuthForm.module.css";
import { type Errand, packErrand } from "./errand";

/** Leads to the page of the outside issuer, if one is configured. */
export function IssuerButton({ errand }: { errand: Errand }) {
  const issuer = useIssuer();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    // Whoever comes back by the browser's button finds the page as it was left.
    const rest = () => setBusy(false);
    window.addEventListener("pageshow", rest);
    return () => window.removeEventListener("pageshow", rest);
  }, []);

  async function leave() {
    setBusy(true);
    setError(null);
    try {
      const address = await authorizationUrl();
      packErrand(errand);
      location.assign(address);
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  }

  if (!issuer) return null;
  return (
    <>
      <p className={styles.or}>{text.auth.or}</p>
      <Button look="outline" size="l" icon={<LogIn />} busy={busy} onClick={() => void leave()}>
        {text.auth.continueWith(issuer.name)}
      </Button>
      {error !== null && (
        <p className={styles.error} role="alert">
          {explain(error)}
        </p>
      )}
    </>
  );
}
