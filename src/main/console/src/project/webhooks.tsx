// Webhook endpoints of a project, what was sent to them, and sending it again.
import { useState } from "preact/hooks";
import { all, del, get, post, type Page } from "../lib/api";
import { duration } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import { useScope } from "../session";
import { Badge, Button, Confirm, Dialog, Empty, ErrorNote, Field, PageHead, Select, Skeleton, Status, TextField, Time } from "../ui/ui";
import { SecretDialog } from "./keys";

interface Endpoint {
  id: string;
  created_at: number;
  name: string;
  url: string;
  event_types: string[];
  signing_secret_hint: string;
}

interface Delivery {
  id: string;
  created_at: number;
  event_id: string;
  event_type: string;
  status: "pending" | "delivered" | "dead";
  attempts: number;
  ended_at: number | null;
  history: { at: string | null; latency_ms: number | null; status_code: number | null; error: string | null }[];
}

const base = () => `/v1/projects/${projectId()}/logs/webhooks`;

export function WebhooksPage() {
  useTitle("Webhooks");
  const mayManage = useScope("manage");
  const endpoints = useLoad(() => all<Endpoint>(base()), [projectId()]);
  const [creating, create] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const button = mayManage && <Button kind="primary" icon="plus" onClick={() => create(true)}>New endpoint</Button>;
  return (
    <div class="page">
      <PageHead title="Webhooks">{button}</PageHead>
      <ErrorNote error={endpoints.error} retry={endpoints.reload} />
      {!endpoints.data ? !endpoints.error && <Skeleton rows={4} /> : endpoints.data.length === 0 ? (
        <Empty icon="webhooks" title="No endpoints" action={button}>An endpoint is an address of yours that the server sends events to, signed, and again until it answers.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Address</th><th>Events</th><th class="num">Created</th></tr></thead>
            <tbody>
              {endpoints.data.map((each) => (
                <tr>
                  <td><a href={page(["webhooks", each.id])}><bdi>{each.name}</bdi></a></td>
                  <td class="mono small-text"><bdi>{each.url}</bdi></td>
                  <td><span class="row wrap">{each.event_types.slice(0, 4).map((type) => <Badge>{type}</Badge>)}{each.event_types.length > 4 && <span class="muted">and {each.event_types.length - 4} more</span>}</span></td>
                  <td class="num"><Time at={each.created_at} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {creating && <CreateDialog onClose={() => create(false)} onCreated={(value) => { create(false); setSecret(value); endpoints.reload(); }} />}
      {secret && <SecretDialog secret={secret} what="signing secret" onClose={() => setSecret(null)} />}
    </div>
  );
}

function CreateDialog({ onClose, onCreated }: { onClose: () => void; onCreated: (secret: string) => void }) {
  const types = useLoad((signal) => get<Page<{ id?: string; name?: string; type?: string }>>("/v1/webhook_event_types", {}, signal), []);
  const [name, setName] = useState("");
  const [url, setUrl] = useState("https://");
  const [chosen, choose] = useState<string[]>(["run.completed", "run.failed"]);
  const create = useAction(async () => onCreated((await post<{ signing_secret: string }>(base(), { name, url, event_types: chosen })).signing_secret));
  const names = ["*", ...(types.data?.data.map((type) => type.id ?? type.name ?? type.type ?? "") ?? [])].filter((type, index, list) => type && list.indexOf(type) === index);
  return (
    <Dialog title="New endpoint" onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required autocomplete="off" />
      <TextField label="Address" type="url" value={url} onValue={setUrl} required error={create.error?.param === "url" ? create.error.message : null} />
      <Field label="Events" hint="* stands for all.">
        {(id, described) => (
          <select id={id} multiple size={8} aria-describedby={described} onChange={(event) => choose([...event.currentTarget.selectedOptions].map((option) => option.value))}>
            {names.map((type) => <option value={type} selected={chosen.includes(type)}>{type}</option>)}
          </select>
        )}
      </Field>
      <ErrorNote error={create.error} />
      <div class="row end"><Button kind="primary" busy={create.busy} disabled={!name.trim() || !chosen.length} onClick={create.run}>Create</Button></div>
    </Dialog>
  );
}

export function WebhookPage({ id, query }: { id: string; query: URLSearchParams }) {
  useTitle("Webhook");
  const mayManage = useScope("manage");
  const path = `${base()}/${id}`;
  const status = query.get("status") ?? "";
  const endpoint = useLoad((signal) => get<Endpoint>(path, {}, signal), [path]);
  const deliveries = useLoad((signal) => get<Page<Delivery>>(`${path}/deliveries`, { limit: 100, status }, signal), [path, status]);
  const [shown, show] = useState<Delivery | null>(null);
  const [tested, setTested] = useState<string | null>(null);
  const test = useAction(async () => {
    const type = endpoint.data!.event_types.find((each) => each !== "*") ?? "run.completed";
    const answer = await post<{ status_code: number | null; error?: string | null }>(`${path}/test`, { event_type: type });
    setTested(answer.status_code ? `The endpoint answered with ${answer.status_code}.` : `The endpoint did not answer. ${answer.error ?? ""}`);
  });
  const replay = useAction(async (delivery: string | null) => {
    await post(delivery ? `${path}/deliveries/${delivery}/replay` : `${path}/replay`);
    deliveries.reload();
  });
  const data = deliveries.data?.data;
  return (
    <div class="page">
      <PageHead back={{ to: page(["webhooks"]), text: "the webhooks" }} title={<bdi>{endpoint.data?.name ?? "Webhook"}</bdi>} sub={endpoint.data && <span class="mono small-text muted"><bdi>{endpoint.data.url}</bdi></span>}>
        {mayManage && (
          <>
            <Button small icon="play" busy={test.busy} onClick={test.run}>Test</Button>
            <Button small icon="retry" busy={replay.busy} onClick={() => replay.run(null)}>Send dead letters again</Button>
            <Confirm small icon="trash" question="Events are no longer sent to this address, and its deliveries are deleted." confirm="Delete the endpoint" onConfirm={async () => { await del(path); navigate(page(["webhooks"])); }}>Delete</Confirm>
          </>
        )}
      </PageHead>
      <ErrorNote error={endpoint.error ?? deliveries.error ?? test.error ?? replay.error} retry={deliveries.reload} />
      {tested && <div class="note" role="status">{tested}</div>}
      <div class="row wrap pad">
        <Select inline label="Status" value={status} onValue={(value) => navigate(page(["webhooks", id], { status: value }), true)} options={[["", "All deliveries"], ["pending", "Pending"], ["delivered", "Delivered"], ["dead", "Dead letters"]]} />
        <Button small icon="retry" busy={deliveries.loading} onClick={deliveries.reload}>Read again</Button>
      </div>
      {!data ? !deliveries.error && <Skeleton rows={6} /> : data.length === 0 ? (
        <Empty icon="webhooks" title="No deliveries">Events that the endpoint asks for are listed here, each with its attempts.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Event</th><th>Status</th><th class="num">Attempts</th><th>Latest</th><th>Queued</th><th /></tr></thead>
            <tbody>
              {data.map((each) => {
                const last = each.history.at(-1);
                return (
                  <tr>
                    <td><button type="button" class="more" onClick={() => show(each)}>{each.event_type}</button></td>
                    <td><Status value={each.status} /></td>
                    <td class="num">{each.attempts}</td>
                    <td><bdi>{last ? [last.status_code, last.error].filter(Boolean).join(" ") || "answered" : "–"}</bdi></td>
                    <td><Time at={each.created_at} /></td>
                    <td class="num">{mayManage && each.status !== "pending" && <Button small busy={replay.busy} onClick={() => replay.run(each.id)}>Send again</Button>}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {shown && (
        <Dialog title={shown.event_type} wide onClose={() => show(null)}>
          <p class="muted mono">{shown.event_id}</p>
          <table>
            <thead><tr><th>Attempt</th><th class="num">Time</th><th>Status</th><th>Error</th></tr></thead>
            <tbody>{shown.history.map((each) => <tr><td>{each.at ? <Time at={each.at} /> : "not attempted"}</td><td class="num">{each.latency_ms === null ? "–" : duration(each.latency_ms)}</td><td>{each.status_code ?? "–"}</td><td><bdi>{each.error ?? ""}</bdi></td></tr>)}</tbody>
          </table>
        </Dialog>
      )}
    </div>
  );
}
