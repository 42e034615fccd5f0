/** The sign of Promptgram: a P whose bowl is an eye. */
export function Mark() {
  return (
    <svg viewBox="0 0 64 64" aria-hidden>
      <title>Promptgram</title>
      <rect width="64" height="64" rx="18" fill="#e2492a" />
      <path
        d="M18 47V17h16.500c6.600 0 11.500 4.400 11.500 10.700s-4.900 10.700-11.500 10.700H26"
        fill="none"
        stroke="#fff"
        strokeWidth="7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="34" cy="27.700" r="3.600" fill="#fff" />
    </svg>
  );
}
