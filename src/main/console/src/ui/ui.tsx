// The parts that all pages are made of.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ApiError } from "../lib/api";
import { ago, full, short, shortId } from "../lib/format";
import { Icon, type IconName } from "./icons";

interface ButtonProps {
  children?: ComponentChildren;
  onClick?: () => unknown;
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  /** Names a button that has an icon only. */
  label?: string;
  busy?: boolean;
  disabled?: boolean;
  type?: "button" | "submit";
  small?: boolean;
  pressed?: boolean;
  expanded?: boolean;
}

export function Button(props: ButtonProps) {
  const { children, onClick, kind = "plain", icon, label, busy, disabled, type = "button", small, pressed, expanded } = props;
  return (
    <button
      type={type}
      class={`button ${kind}${small ? " small" : ""}${children ? "" : " square"}`}
      onClick={onClick && (() => void onClick())}
      disabled={disabled || busy}
      aria-label={label}
      title={label}
      aria-busy={busy || undefined}
      aria-pressed={pressed}
      aria-expanded={expanded}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

export function LinkButton({ to, children, kind = "plain", icon }: { to: string; children: ComponentChildren; kind?: string; icon?: IconName }) {
  return (
    <a class={`button ${kind}`} href={to}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}

export type Tone = "ok" | "warn" | "bad" | "live" | "idle";

const TONES: Record<string, Tone> = {
  completed: "ok",
  active: "ok",
  processed: "ok",
  delivered: "ok",
  failed: "bad",
  dead: "bad",
  error: "bad",
  expired: "bad",
  requires_action: "warn",
  incomplete: "warn",
  pending: "warn",
  waiting: "warn",
  cancelling: "warn",
  in_progress: "live",
  queued: "live",
  following: "live",
  connecting: "warn",
  cancelled: "idle",
  archived: "idle",
};

const WORDS: Record<string, string> = { requires_action: "needs action", in_progress: "running" };

export function Status({ value }: { value: string }) {
  return (
    <span class="status" data-tone={TONES[value] ?? "idle"}>
      {WORDS[value] ?? value.replaceAll("_", " ")}
    </span>
  );
}

export function Badge({ children, title }: { children: ComponentChildren; title?: string }) {
  return <span class="badge" title={title}>{children}</span>;
}

/** A time in Unix seconds or as text of ISO 8601. */
export function Time({ at, relative }: { at: number | string; relative?: boolean }) {
  const date = typeof at === "number" ? new Date(at * 1_000) : new Date(at);
  return (
    <time dateTime={date.toISOString()} title={full(date)}>
      {relative ? ago(date) : short(date)}
    </time>
  );
}

export function Copyable({ text, shown }: { text: string; shown?: string }) {
  const [copied, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 1_200);
  };
  return (
    <button type="button" class="copyable" onClick={() => void copy()} title={`Copy ${text}`}>
      <span class="mono">{shown ?? shortId(text)}</span>
      <Icon name={copied ? "check" : "copy"} size={13} />
      <span class="sr" role="status">{copied ? "copied" : ""}</span>
    </button>
  );
}

export function ErrorNote({ error, retry }: { error: ApiError | null; retry?: () => void }) {
  if (!error) return null;
  return (
    <div class="note bad" role="alert">
      <Icon name="warn" />
      <div>
        <span>{error.message}</span>
        {error.param && <span class="muted"> Field: {error.param}</span>}
      </div>
      {retry && <Button small onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <div class="empty-icon"><Icon name={icon} size={22} /></div>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div class="row center">{action}</div>}
    </div>
  );
}

/** Lines in the place of a list that is being loaded, as high as its rows. */
export function Skeleton({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, () => <div style={{ height: `${height}px` }}><span /></div>)}
    </div>
  );
}

export function Field(props: { label: string; hint?: ComponentChildren; error?: string | null; children: (id: string, describedBy: string) => ComponentChildren }) {
  const id = useId();
  const hint = `${id}-hint`;
  return (
    <div class={`field${props.error ? " wrong" : ""}`}>
      <label for={id}>{props.label}</label>
      {props.children(id, hint)}
      <div id={hint} class="hint">
        {props.error ? <span class="bad-text">{props.error}</span> : props.hint}
      </div>
    </div>
  );
}

interface InputProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: ComponentChildren;
  error?: string | null;
  type?: string;
  placeholder?: string;
  required?: boolean;
  autocomplete?: string;
  min?: string;
  list?: string;
}

export function TextField({ label, value, onValue, hint, error, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, described) => (
        <input
          {...(rest as object)}
          id={id}
          value={value}
          aria-describedby={described}
          aria-invalid={error ? true : undefined}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function TextArea(props: { label: string; value: string; onValue: (value: string) => void; rows?: number; mono?: boolean; hint?: ComponentChildren; error?: string | null }) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(id, described) => (
        <textarea
          id={id}
          rows={props.rows ?? 4}
          class={props.mono ? "mono" : ""}
          spellcheck={!props.mono}
          value={props.value}
          aria-describedby={described}
          aria-invalid={props.error ? true : undefined}
          onInput={(event) => props.onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function Select(props: { label: string; value: string; onValue: (value: string) => void; options: [string, string][]; hint?: string; inline?: boolean }) {
  const id = useId();
  return (
    <div class={props.inline ? "field inline" : "field"}>
      <label for={id} class={props.inline ? "sr" : ""}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onValue(event.currentTarget.value)}>
        {props.options.map(([value, text]) => <option value={value}>{text}</option>)}
      </select>
      {props.hint && <div class="hint">{props.hint}</div>}
    </div>
  );
}

/** A dialog of the browser, so that focus and Escape are its own. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      class={props.wide ? "wide" : ""}
      aria-labelledby={title}
      onClose={props.onClose}
      onClick={(event) => event.target === ref.current && ref.current?.close()}
    >
      <div class="dialog-head">
        <h2 id={title}>{props.title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={() => ref.current?.close()} />
      </div>
      <div class="dialog-body">{props.children}</div>
    </dialog>
  );
}

/** A button that asks once more before it does something that cannot be undone. */
export function Confirm(props: { children: ComponentChildren; question: string; confirm: string; onConfirm: () => Promise<unknown>; icon?: IconName; small?: boolean }) {
  const [asked, ask] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await props.onConfirm();
      ask(false);
    } catch (failure) {
      setError((failure as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="danger" icon={props.icon} small={props.small} onClick={() => { setError(null); ask(true); }}>{props.children}</Button>
      {asked && (
        <Dialog title={props.confirm} onClose={() => ask(false)}>
          <p>{props.question}</p>
          {error && <div class="note bad" role="alert">{error}</div>}
          <div class="row end">
            <Button onClick={() => ask(false)}>Cancel</Button>
            <Button kind="danger" busy={busy} onClick={confirm}>{props.confirm}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function Tabs({ items, current, label }: { items: { key: string; text: string; to: string; count?: number }[]; current: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {items.map((item) => (
        <a href={item.to} aria-current={item.key === current ? "page" : undefined}>
          {item.text}
          {item.count !== undefined && <span class="count">{item.count}</span>}
        </a>
      ))}
    </nav>
  );
}

export function PageHead({ title, children, back, sub }: { title: ComponentChildren; children?: ComponentChildren; back?: { to: string; text: string }; sub?: ComponentChildren }) {
  return (
    <header class="page-head">
      <div class="page-title">
        {back && <a class="back" href={back.to} aria-label={`Back to ${back.text}`}><Icon name="left" /></a>}
        <div>
          <h1>{title}</h1>
          {sub && <div class="page-sub">{sub}</div>}
        </div>
      </div>
      {children && <div class="row wrap">{children}</div>}
    </header>
  );
}

export function Code({ text, label }: { text: string; label: string }) {
  return <pre class="code" tabIndex={0} role="region" aria-label={label}><code dir="auto">{text}</code></pre>;
}

export function Diff({ parts }: { parts: { kind: string; text: string }[] }) {
  return (
    <div class="diff" dir="auto">
      {parts.map((part) =>
        part.kind === "added" ? <ins>{part.text}</ins> : part.kind === "removed" ? <del>{part.text}</del> : <span>{part.text}</span>,
      )}
    </div>
  );
}
