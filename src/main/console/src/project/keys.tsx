// The API keys of a project.
import { useState } from "preact/hooks";
import { all, del, post } from "../lib/api";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { projectId } from "../lib/router";
import { Badge, Button, Confirm, Copyable, Dialog, Empty, ErrorNote, PageHead, Select, Skeleton, TextField, Time } from "../ui/ui";

interface Key {
  id: string;
  name: string | null;
  redacted_value: string;
  created_at: number;
  last_used_at: number | null;
  scopes: string[];
  expires_at: number | null;
  allowed_addresses: string[] | null;
  previous_value_until: number | null;
}

const SCOPES: [string, string][] = [
  ["read", "read: see everything but keys"],
  ["run", "run: threads, messages, runs, files"],
  ["manage", "manage: assistants, stores, webhooks"],
  ["admin", "admin: keys and the audit log, includes the others"],
];

const LIVES: [string, string][] = [
  ["", "does not expire"],
  ["86400", "a day"],
  ["2592000", "30 days"],
  ["7776000", "90 days"],
  ["31536000", "a year"],
];

export function KeysPage() {
  useTitle("Keys");
  const path = `/v1/projects/${projectId()}/api_keys`;
  const keys = useLoad(() => all<Key>(path), [path]);
  const [creating, create] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const button = <Button kind="primary" icon="plus" onClick={() => create(true)}>New key</Button>;
  return (
    <div class="page">
      <PageHead title="Keys">{button}</PageHead>
      <ErrorNote error={keys.error} retry={keys.reload} />
      {!keys.data ? !keys.error && <Skeleton rows={5} /> : keys.data.length === 0 ? (
        <Empty icon="keys" title="No keys" action={button}>Applications of this project need a key each, with no more scopes than they use.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Key</th><th>Scopes</th><th>Used</th><th>Expires</th><th /></tr></thead>
            <tbody>{keys.data.map((key) => <Row key={key.id} path={path} data={key} onChange={keys.reload} onSecret={setSecret} />)}</tbody>
          </table>
        </div>
      )}
      {creating && <CreateDialog path={path} onClose={() => create(false)} onCreated={(value) => { create(false); setSecret(value); keys.reload(); }} />}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </div>
  );
}

function Row({ path, data, onChange, onSecret }: { path: string; data: Key; onChange: () => void; onSecret: (secret: string) => void }) {
  return (
    <tr>
      <td><bdi>{data.name || <span class="muted">no name</span>}</bdi>{data.allowed_addresses && <div class="small-text muted">from {data.allowed_addresses.join(", ")}</div>}</td>
      <td><Copyable text={data.id} shown={data.redacted_value} /></td>
      <td><span class="row wrap">{data.scopes.map((scope) => <Badge>{scope}</Badge>)}</span></td>
      <td>{data.last_used_at ? <Time at={data.last_used_at} relative /> : <span class="muted">never</span>}</td>
      <td>{data.expires_at ? <Time at={data.expires_at} /> : <span class="muted">never</span>}{data.previous_value_until && <div class="small-text muted">old secret until <Time at={data.previous_value_until} /></div>}</td>
      <td>
        <span class="row end">
          <Confirm small icon="retry" question="The key gets a new secret. The old one works for a day more." confirm="Rotate the key" onConfirm={async () => { onSecret((await post<{ value: string }>(`${path}/${data.id}/rotate`)).value); onChange(); }}>Rotate</Confirm>
          <Confirm small icon="trash" question="The key stops working at once, also on open streams and in sessions of this console." confirm="Delete the key" onConfirm={async () => { await del(`${path}/${data.id}`); onChange(); }}>Delete</Confirm>
        </span>
      </td>
    </tr>
  );
}

function CreateDialog({ path, onClose, onCreated }: { path: string; onClose: () => void; onCreated: (secret: string) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["read", "run"]);
  const [life, setLife] = useState("");
  const [addresses, setAddresses] = useState("");
  const create = useAction(async () => {
    const made = await post<{ value: string }>(path, {
      name: name || null,
      scopes,
      ...(life ? { expires_after: { seconds: Number(life) } } : {}),
      ...(addresses.trim() ? { allowed_addresses: addresses.split(/[\s,]+/).filter(Boolean) } : {}),
    });
    onCreated(made.value);
  });
  return (
    <Dialog title="New key" onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} autocomplete="off" placeholder="nightly report" />
      <fieldset class="group"><legend>Scopes</legend>
        {SCOPES.map(([scope, text]) => (
          <label class="check"><input type="checkbox" checked={scopes.includes(scope)} onChange={(event) => setScopes(event.currentTarget.checked ? [...scopes, scope] : scopes.filter((each) => each !== scope))} />{text}</label>
        ))}
      </fieldset>
      <Select label="Expires after" value={life} onValue={setLife} options={LIVES} />
      <TextField label="Addresses" value={addresses} onValue={setAddresses} placeholder="10.20.0.0/16" hint="From which the key works; from all if empty." error={create.error?.param?.startsWith("allowed_addresses") ? create.error.message : null} />
      <ErrorNote error={create.error} />
      <div class="row end"><Button kind="primary" busy={create.busy} disabled={!scopes.length} onClick={create.run}>Create</Button></div>
    </Dialog>
  );
}

export function SecretDialog({ secret, onClose, what = "key" }: { secret: string; onClose: () => void; what?: string }) {
  return (
    <Dialog title={`The ${what}`} onClose={onClose}>
      <p>Copy it now: it is not shown again.</p>
      <p><Copyable text={secret} shown={secret} /></p>
      <div class="row end"><Button kind="primary" onClick={onClose}>Done</Button></div>
    </Dialog>
  );
}
