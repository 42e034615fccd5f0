import { text } from "../text/en";
import styles from "./Hero.module.css";
import { QuickPrompt } from "./QuickPrompt";
import { paint } from "./quick";

/** What a stranger sees first: the one thing Promptgram is about, ready to be tried. */
export function Hero() {
  return (
    <section className={styles.hero} aria-labelledby="hero-title">
      <h2 id="hero-title" className={styles.title}>
        {text.hero.title}
      </h2>
      <p className={styles.lead}>{text.hero.lead}</p>
      <QuickPrompt large />
      <ul className={styles.ideas}>
        {text.hero.ideas.map((idea) => (
          <li key={idea}>
            <button type="button" aria-label={text.hero.tryIdea(idea)} onClick={() => paint(idea)}>
              {idea}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
