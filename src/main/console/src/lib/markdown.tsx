// A safe part of Markdown: it becomes elements with texts, never HTML. Links show where they lead and open only http(s).
import type { ComponentChildren } from "preact";

const LONGEST = 60_000;
// Spans are bounded, so that no text takes long to read.
const INLINE =
  /(?<!`)(`{1,8})(?!`)([\s\S]{1,4000}?)(?<!`)\1(?!`)|\*\*([^\s*](?:[\s\S]{0,1000}?[^\s])?)\*\*|\*([^\s*](?:[^*\n]{0,500}[^\s*])?)\*|\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'`)\]]{1,2000})/g;

/** Whether an address may be opened from a text that others have written. */
export function safeUrl(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

export function ExternalLink({ url, children }: { url: string; children?: ComponentChildren }) {
  const safe = safeUrl(url);
  if (!safe) return <span>{children ?? url}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow" title={safe}>
      {children ?? safe}
      <span class="link-host"> {new URL(safe).host}</span>
    </a>
  );
}

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const [whole, , code, bold, emphasis, label, target, address] = match;
    if (code !== undefined) parts.push(<code>{code}</code>);
    else if (bold !== undefined) parts.push(<strong>{inline(bold)}</strong>);
    else if (emphasis !== undefined) parts.push(<em>{emphasis}</em>);
    else if (label !== undefined) parts.push(safeUrl(target!) ? <ExternalLink url={target!}>{label}</ExternalLink> : whole);
    else parts.push(<ExternalLink url={address!}>{address}</ExternalLink>);
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

interface Block {
  kind: "text" | "code" | "heading" | "list" | "ordered" | "quote" | "table";
  lines: string[];
  level?: number;
}

function kindOf(line: string): Block["kind"] {
  if (/^#{1,6}\s+\S/.test(line)) return "heading";
  if (/^\s*[-*•]\s+\S/.test(line)) return "list";
  if (/^\s*\d{1,4}[.)]\s+\S/.test(line)) return "ordered";
  if (/^>\s?/.test(line)) return "quote";
  if (/^\s*\|.*\|\s*$/.test(line)) return "table";
  return "text";
}

function blocks(text: string): Block[] {
  const found: Block[] = [];
  let fence: string | null = null;
  let open: Block | null = null;
  const close = () => {
    if (open) found.push(open);
    open = null;
  };
  for (const line of text.split("\n")) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length) {
        fence = null;
        close();
      } else (open as Block | null)?.lines.push(line);
      continue;
    }
    if (mark) {
      close();
      fence = mark;
      open = { kind: "code", lines: [] };
      continue;
    }
    if (!line.trim()) {
      close();
      continue;
    }
    const kind = kindOf(line);
    if (kind === "heading") {
      close();
      found.push({ kind, lines: [line.replace(/^#+\s+/, "")], level: line.indexOf(" ") });
      continue;
    }
    const current = open as Block | null;
    if (current && (current.kind === kind || (kind === "text" && (current.kind === "list" || current.kind === "ordered") && /^\s/.test(line))))
      current.lines.push(line);
    else {
      close();
      open = { kind, lines: [line] };
    }
  }
  close();
  return found;
}

function items(lines: string[]): string[] {
  const found: string[] = [];
  for (const line of lines) {
    const start = /^\s*(?:[-*•]|\d{1,4}[.)])\s+(.*)$/.exec(line);
    if (start) found.push(start[1]!);
    else if (found.length) found[found.length - 1] += "\n" + line.trim();
  }
  return found;
}

const cells = (line: string): string[] => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function Table({ lines }: { lines: string[] }) {
  const ruled = lines[1] !== undefined && /^[\s|:-]+$/.test(lines[1]);
  const body = lines.slice(ruled ? 2 : 0);
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Table">
      <table>
        {ruled && <thead><tr>{cells(lines[0]!).map((cell) => <th>{inline(cell)}</th>)}</tr></thead>}
        <tbody>{body.map((line) => <tr>{cells(line).map((cell) => <td>{inline(cell)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function rendered(block: Block) {
  switch (block.kind) {
    case "code":
      return <pre tabIndex={0}><code>{block.lines.join("\n")}</code></pre>;
    case "heading":
      return <p class="md-heading" data-level={block.level}>{inline(block.lines[0]!)}</p>;
    case "list":
      return <ul>{items(block.lines).map((item) => <li>{inline(item)}</li>)}</ul>;
    case "ordered":
      return <ol start={Number(/\d+/.exec(block.lines[0]!)?.[0] ?? 1)}>{items(block.lines).map((item) => <li>{inline(item)}</li>)}</ol>;
    case "quote":
      return <blockquote>{inline(block.lines.map((line) => line.replace(/^>\s?/, "")).join("\n"))}</blockquote>;
    case "table":
      return <Table lines={block.lines} />;
    default:
      return <p>{inline(block.lines.join("\n"))}</p>;
  }
}

/** Text of a model or a person. Very long texts are shown as they are. */
export function Markdown({ text }: { text: string }) {
  if (text.length > LONGEST) return <div class="md md-plain" dir="auto">{text}</div>;
  return <div class="md" dir="auto">{blocks(text).map(rendered)}</div>;
}
