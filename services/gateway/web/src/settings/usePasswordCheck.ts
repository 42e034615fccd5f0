import { useState } from "react";
import { isWrongPassword } from "../data/account";
import { attempt } from "../feed/actions";
import { text } from "../text/en";

/** What needs the account's password: `error` is for its field, when what was typed there was not it. */
export function usePasswordCheck() {
  const [wrong, setWrong] = useState(false);
  async function check(action: () => Promise<unknown>): Promise<boolean> {
    setWrong(false);
    return attempt(action, (error) => {
      setWrong(isWrongPassword(error));
      return isWrongPassword(error);
    });
  }
  return { check, error: wrong ? text.settings.wrongPassword : undefined };
}
