// Differences of two texts, by lines and within changed lines by words.

export interface Change {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Above this number of cells the middle is shown as removed and added, without a comparison. */
const MOST_CELLS = 4_000_000;

function changes(before: string[], after: string[]): Change[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const same = (text: string): Change => ({ kind: "same", text });
  return [
    ...before.slice(0, start).map(same),
    ...middle(a, b),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function middle(a: string[], b: string[]): Change[] {
  const removed = (text: string): Change => ({ kind: "removed", text });
  const added = (text: string): Change => ({ kind: "added", text });
  if (!a.length || !b.length || a.length * b.length > MOST_CELLS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
  const found: Change[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      found.push({ kind: "same", text: a[i]! });
      i++;
      j++;
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) found.push(removed(a[i++]!));
    else found.push(added(b[j++]!));
  }
  return [...found, ...a.slice(i).map(removed), ...b.slice(j).map(added)];
}

function joined(parts: Change[]): Change[] {
  const found: Change[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last?.kind === part.kind) last.text += part.text;
    else found.push({ ...part });
  }
  return found;
}

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** The words that were added and removed. */
export const wordDiff = (before: string, after: string): Change[] => joined(changes(words(before), words(after)));

/** The lines that were added and removed. */
export const lineDiff = (before: string, after: string): Change[] => changes(before.split("\n"), after.split("\n"));
