const MOST = 10;
const LONGEST = 50;
const SUGGESTED = 5;
const FILLER = new Set(
  "a an the and or of in on at with under over by to for from into as is are its his her their near very some one two background picture".split(
    " ",
  ),
);

/** What somebody wrote as tags: split, without `#`, lower case, each once, ten at most. */
export function parseTags(written: string): string[] {
  const tags = written
    .split(/[,\n]/)
    .map((tag) =>
      tag
        .trim()
        .toLowerCase()
        .replace(/^#+/, "")
        .replace(/\s+/g, "-")
        .replace(/[^\p{L}\p{N}_-]/gu, "")
        .slice(0, LONGEST),
    )
    .filter(Boolean);
  return [...new Set(tags)].slice(0, MOST);
}

/** The telling words of a prompt. */
export function suggestTags(prompt: string): string[] {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return [...new Set(words)].filter((word) => !FILLER.has(word)).slice(0, SUGGESTED);
}
