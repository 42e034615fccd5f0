const locale = "en";

const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const plurals = new Intl.PluralRules(locale);
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });

export function count(value: number): string {
  return compact.format(value);
}

/** `plural(3, "like", "likes")` → "3 likes". */
export function plural(value: number, one: string, many: string): string {
  return `${compact.format(value)} ${plurals.select(value) === "one" ? one : many}`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 60 * 60],
  ["day", 24 * 60 * 60],
];
const A_WEEK_S = 7 * 24 * 60 * 60;

/** "now", "5 min. ago", "yesterday", and the date after a week. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return "now";
  if (seconds >= A_WEEK_S) return day.format(new Date(time));
  const [unit, size] = STEPS.findLast(([, length]) => seconds >= length) as [
    Intl.RelativeTimeFormatUnit,
    number,
  ];
  return relative.format(-Math.floor(seconds / size), unit);
}

export function exactTime(time: string): string {
  return moment.format(new Date(time));
}

export function date(time: string): string {
  return day.format(new Date(time));
}

/** A wait in words that promise no more than is known: "a moment", "about 14 s", "about 3 min". */
export function wait(ms: number): string {
  if (ms < 1500) return "a moment";
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`;
}
