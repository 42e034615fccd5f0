/** The address that saves a picture as a file. Signed addresses carry a query of their own. */
export function downloadUrl(source: string): string {
  return `${source}${source.includes("?") ? "&" : "?"}download=1`;
}
