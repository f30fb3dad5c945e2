// A message as a reader expects it, with its citations.
import { useEffect, useRef, useState } from "preact/hooks";
import { request } from "../lib/api";
import { oneLine } from "../lib/format";
import { ExternalLink, Markdown } from "../lib/markdown";
import { page } from "../lib/router";
import type { Annotation, ContentPart, Message } from "../lib/types";
import { Icon } from "../ui/icons";
import { Badge, Time } from "../ui/ui";
import type { ComponentChildren } from "preact";

/** Texts above this length are shown in part first. */
const SHOWN = 8_000;

interface Props {
  message: Message;
  author: string;
  actions?: ComponentChildren;
  focused?: boolean;
}

export function MessageView({ message, author, actions, focused }: Props) {
  const isLive = message.status === "in_progress";
  return (
    <article class={`message ${message.role}${focused ? " focused" : ""}`} aria-label={`${author}`} aria-busy={isLive || undefined}>
      <header>
        <bdi class="author">{author}</bdi>
        <span class="muted"><Time at={message.created_at} /></span>
        {message.status === "incomplete" && <Badge title="The answer is not whole">incomplete: {message.incomplete_details?.reason ?? "unknown"}</Badge>}
        {actions && <div class="message-actions">{actions}</div>}
      </header>
      {message.content.map((part) => <Part part={part} />)}
      {isLive && <span class="caret" aria-hidden="true" />}
      {message.attachments.length > 0 && (
        <div class="row wrap">
          {message.attachments.map((file) => (
            <a class="chip" href={page(["files", file.file_id])}><Icon name="files" size={13} />{file.file_id}</a>
          ))}
        </div>
      )}
    </article>
  );
}

function Part({ part }: { part: ContentPart }) {
  switch (part.type) {
    case "text":
      return <Text value={part.text!.value} annotations={part.text!.annotations ?? []} />;
    case "refusal":
      return <div class="note"><Icon name="warn" /><bdi>{part.refusal}</bdi></div>;
    case "image_file":
      return <Picture file={part.image_file!.file_id} />;
    case "image_url": {
      const url = part.image_url!.url;
      return url.startsWith("data:") ? (
        <span class="chip"><Icon name="files" size={13} />an image in the message</span>
      ) : (
        <span class="chip"><Icon name="files" size={13} />image: <ExternalLink url={url} /></span>
      );
    }
    default:
      return <span class="chip"><Icon name="files" size={13} />{part.file?.filename ?? part.file?.file_id ?? part.type}</span>;
  }
}

function Text({ value, annotations }: { value: string; annotations: Annotation[] }) {
  const [whole, show] = useState(value.length <= SHOWN);
  const shown = whole ? value : value.slice(0, SHOWN);
  return (
    <>
      <Markdown text={numbered(shown, annotations)} />
      {!whole && (
        <button type="button" class="more" onClick={() => show(true)}>
          Show all {value.length.toLocaleString("en")} characters
        </button>
      )}
      {annotations.length > 0 && <Citations annotations={annotations} />}
    </>
  );
}

/** Replaces the markers of citations by numbers, by which the list below names them. */
function numbered(text: string, annotations: Annotation[]): string {
  let result = text;
  annotations.forEach((annotation, index) => {
    if (annotation.type !== "file_path" && annotation.text.startsWith("【")) result = result.replace(annotation.text, () => ` [${index + 1}]`);
  });
  return result;
}

function Citations({ annotations }: { annotations: Annotation[] }) {
  return (
    <ol class="citations" aria-label="Sources">
      {annotations.map((annotation) => {
        const file = annotation.file_citation?.file_id ?? annotation.file_path?.file_id;
        const place = [annotation.location?.page && `page ${annotation.location.page}`, annotation.location?.heading].filter(Boolean).join(", ");
        return (
          <li>
            {annotation.url_citation ? (
              <ExternalLink url={annotation.url_citation.url}>{oneLine(annotation.url_citation.title || annotation.url_citation.url)}</ExternalLink>
            ) : file ? (
              <a href={page(["files", file], { page: annotation.location?.page ? String(annotation.location.page) : null })}>
                <span class="mono">{file}</span>
                {place && <bdi>, {oneLine(place)}</bdi>}
              </a>
            ) : (
              <bdi>{oneLine(annotation.text)}</bdi>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** A picture is decoded and drawn; it has no address that a page could load. */
export function Picture({ file }: { file: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let stopped = false;
    void (async () => {
      try {
        const bitmap = await createImageBitmap(await (await request("GET", `/v1/files/${file}/content`)).blob());
        const target = canvas.current;
        if (stopped || !target) return;
        target.width = bitmap.width;
        target.height = bitmap.height;
        target.getContext("2d")?.drawImage(bitmap, 0, 0);
      } catch (failure) {
        if (!stopped) setError((failure as Error).message);
      }
    })();
    return () => {
      stopped = true;
    };
  }, [file]);
  if (error) return <span class="chip"><Icon name="files" size={13} />{file}: no picture to show</span>;
  return <canvas class="picture" ref={canvas} width={320} height={180} role="img" aria-label={`Picture ${file}`} />;
}
