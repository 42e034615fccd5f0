import { Search, X } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { text } from "../text/en";
import styles from "./SearchBox.module.css";

const TYPING_PAUSE_MS = 220;

/** The search line. On the search page it follows and leads the address; elsewhere Enter goes there. */
export function SearchBox({ inputRef }: { inputRef: RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const onSearchPage = useLocation().pathname === "/search";
  const [params, setParams] = useSearchParams();
  const address = onSearchPage ? (params.get("q") ?? "") : "";
  const [words, setWords] = useState(address);

  const sent = useRef(address);

  useEffect(() => {
    // The address echoes what was typed a moment ago; only somebody else's change may replace the words.
    if (address !== sent.current) setWords(address);
    sent.current = address;
  }, [address]);

  useEffect(() => {
    if (!onSearchPage || words === address) return;
    const timer = setTimeout(() => {
      sent.current = words.trim() ? words : "";
      setParams(
        (current) => {
          const next = new URLSearchParams(current);
          if (words.trim()) next.set("q", words);
          else next.delete("q");
          return next;
        },
        { replace: true, preventScrollReset: true },
      );
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words, address, onSearchPage, setParams]);

  return (
    <search className={styles.search}>
      <form
        className={styles.box}
        onSubmit={(event) => {
          event.preventDefault();
          if (!onSearchPage && words.trim()) void navigate(`/search?q=${encodeURIComponent(words.trim())}`);
        }}
      >
        <Search aria-hidden />
        <input
          ref={inputRef}
          type="search"
          enterKeyHint="search"
          aria-label={text.search.label}
          aria-keyshortcuts="/"
          placeholder={text.search.placeholder}
          maxLength={500}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        {words && (
          <button type="button" aria-label={text.search.clear} onClick={() => setWords("")}>
            <X />
          </button>
        )}
      </form>
    </search>
  );
}
