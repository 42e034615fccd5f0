import { LogIn } from "lucide-react";
import type { ReactNode } from "react";
import { useSession } from "../data/session";
import { text } from "../text/en";
import { Button } from "../ui/Button";
import { Message } from "../ui/Message";
import { openAuth } from "./overlays";

/** What lies behind it is for people who are signed in. */
export function SignInWall({ children }: { children: ReactNode }) {
  const state = useSession((session) => session.state);
  if (state === "in") return children;
  if (state === "unknown") return null;
  return (
    <Message
      icon={<LogIn />}
      title={text.errors.signInFirst}
      action={
        <>
          <Button look="primary" onClick={() => openAuth("login")}>
            {text.nav.logIn}
          </Button>
          <Button onClick={() => openAuth("signup")}>{text.nav.signUp}</Button>
        </>
      }
    />
  );
}
