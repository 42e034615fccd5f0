/** How the masonry is laid out in a given width. All lengths in CSS pixels. */
export interface Layout {
  columns: number;
  columnWidth: number;
  gap: number;
}

const NARROW = 640;
const SINGLE_MAX = 620;

export function gridLayout(width: number, single: boolean): Layout {
  const gap = width < NARROW ? 8 : 16;
  if (single) return { columns: 1, columnWidth: Math.min(width, SINGLE_MAX), gap: 24 };
  const wanted = width < NARROW ? 180 : width < 1100 ? 230 : 262;
  const columns = Math.max(2, Math.round((width + gap) / (wanted + gap)));
  return { columns, columnWidth: (width - gap * (columns - 1)) / columns, gap };
}

/** Very long pictures are cropped to this in the grid, so that one cannot fill the screen; the post shows it whole. */
const TALLEST = 2.2;

export function pictureHeight(picture: { width: number; height: number }, columnWidth: number): number {
  const ratio = picture.width > 0 && picture.height > 0 ? picture.height / picture.width : 1;
  return Math.round(columnWidth * Math.min(ratio, TALLEST));
}
