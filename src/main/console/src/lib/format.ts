// How numbers, times and durations are shown.

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value: number): string => NUMBER.format(value);

export const compact = (value: number): string => (Math.abs(value) < 10_000 ? number(value) : COMPACT.format(value));

export function money(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined) return "–";
  if (dollars === 0) return "$0";
  return dollars < 0.01 ? `$${dollars.toPrecision(2)}` : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`;
}

export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count / 1_000;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "2-digit" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

export const full = (date: Date): string => `${DATE.format(date)}, ${TIME.format(date)}`;

export const clock = (date: Date): string => TIME.format(date);

/** The time of today, the day of this year, the whole date of others. */
export function short(date: Date, now = new Date()): string {
  if (date.toDateString() === now.toDateString()) return SHORT.format(date);
  return date.getFullYear() === now.getFullYear() ? `${DAY.format(date)}, ${SHORT.format(date)}` : DATE.format(date);
}

export function ago(date: Date, now = Date.now()): string {
  const seconds = Math.max(0, (now - date.getTime()) / 1_000);
  if (seconds < 60) return "just now";
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  return short(date);
}

export function plural(count: number, one: string, many = one + "s"): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** The beginning of an id, enough to tell it from others. */
export function shortId(id: string): string {
  return id.length > 20 ? `${id.slice(0, 9)}…${id.slice(-6)}` : id;
}

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text in one line, without characters that turn the direction of what follows. */
export function oneLine(text: string, most = 200): string {
  const line = text.replace(CONTROLS, "").replace(/\s+/g, " ").trim();
  return line.length > most ? line.slice(0, most) + "…" : line;
}

/** Formats JSON for reading; other texts stay as they are. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function csv(rows: (string | number | null | undefined)[][]): Blob {
  const cell = (value: string | number | null | undefined) => {
    let text = value === null || value === undefined ? "" : String(value);
    // A spreadsheet must not take a text of a caller for a formula.
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return new Blob([rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" });
}
