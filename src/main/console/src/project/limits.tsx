// The limits of a project: shown with what is used of them, set by an admin of the server.
import { useState } from "preact/hooks";
import { get, post } from "../lib/api";
import { bytes, compact, money, number } from "../lib/format";
import { useAction, useLoad } from "../lib/hooks";
import { projectId } from "../lib/router";
import { useSession } from "../session";
import { Button, Dialog, ErrorNote, Skeleton, TextField } from "../ui/ui";

interface Amount {
  tokens: number | null;
  cost: number | null;
}

interface Limits {
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  concurrent_threads: number | null;
  budgets: { day: Amount | null; month: Amount | null; total: Amount | null };
  file_bytes: number | null;
  estimated_cost: number | null;
  used: { requests: number | null; tokens: number | null; concurrent_threads: number | null; day: Amount; month: Amount; total: Amount; file_bytes: number | null };
}

export function LimitsPanel() {
  const { session } = useSession();
  const [editing, edit] = useState(false);
  const path = `/v1/projects/${projectId()}/limits`;
  const limits = useLoad((signal) => get<Limits>(path, {}, signal), [path]);
  const data = limits.data;
  return (
    <section aria-label="Limits">
      <div class="row between"><h2>Limits</h2>{session.admin && data && <Button small icon="edit" onClick={() => edit(true)}>Set limits</Button>}</div>
      <ErrorNote error={limits.error} retry={limits.reload} />
      {!data ? !limits.error && <Skeleton rows={3} /> : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Limit</th><th>Used</th><th class="num">Used</th><th class="num">Allowed</th></tr></thead>
            <tbody>
              <Row text="Requests a minute" used={data.used.requests} most={data.requests_per_minute} format={number} />
              <Row text="Tokens a minute" used={data.used.tokens} most={data.tokens_per_minute} format={compact} />
              <Row text="Runs at once" used={data.used.concurrent_threads} most={data.concurrent_threads} format={number} />
              {(["day", "month", "total"] as const).map((period) => (
                <>
                  <Row text={`Tokens, ${PERIODS[period]}`} used={data.used[period]?.tokens} most={data.budgets[period]?.tokens ?? null} format={compact} />
                  <Row text={`Cost, ${PERIODS[period]}`} used={data.used[period]?.cost} most={data.budgets[period]?.cost ?? null} format={money} />
                </>
              ))}
              <Row text="Files" used={data.used.file_bytes} most={data.file_bytes} format={bytes} />
            </tbody>
          </table>
        </div>
      )}
      {editing && data && <LimitsDialog path={path} limits={data} onClose={() => edit(false)} onSaved={limits.reload} />}
    </section>
  );
}

const PERIODS = { day: "this day", month: "this month", total: "in total" };

function Row({ text, used, most, format }: { text: string; used: number | null | undefined; most: number | null; format: (value: number) => string }) {
  const share = most ? Math.min(1, (used ?? 0) / most) : 0;
  return (
    <tr>
      <th scope="row">{text}</th>
      <td>{most ? <span class="meter wide" role="img" aria-label={`${Math.round(share * 100)} % used`} data-full={share >= 0.9 || undefined}><span style={{ width: `${share * 100}%` }} /></span> : null}</td>
      <td class="num">{used === null || used === undefined ? "–" : format(used)}</td>
      <td class="num">{most === null ? <span class="muted">no limit</span> : format(most)}</td>
    </tr>
  );
}

type Fields = Record<string, string>;

function LimitsDialog({ path, limits, onClose, onSaved }: { path: string; limits: Limits; onClose: () => void; onSaved: () => void }) {
  const text = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
  const [fields, setFields] = useState<Fields>({
    requests_per_minute: text(limits.requests_per_minute),
    tokens_per_minute: text(limits.tokens_per_minute),
    concurrent_threads: text(limits.concurrent_threads),
    "day.tokens": text(limits.budgets.day?.tokens),
    "day.cost": text(limits.budgets.day?.cost),
    "month.tokens": text(limits.budgets.month?.tokens),
    "month.cost": text(limits.budgets.month?.cost),
  });
  const wrong = (name: string) => {
    const value = fields[name]!;
    return value && !(Number(value) > 0) ? "A number above zero, or empty for no limit." : null;
  };
  const value = (name: string) => (fields[name] ? Number(fields[name]) : null);
  const save = useAction(async () => {
    await post(path, {
      requests_per_minute: value("requests_per_minute"),
      tokens_per_minute: value("tokens_per_minute"),
      concurrent_threads: value("concurrent_threads"),
      budgets: { day: { tokens: value("day.tokens"), cost: value("day.cost") }, month: { tokens: value("month.tokens"), cost: value("month.cost") } },
    });
    onSaved();
    onClose();
  });
  const field = (name: string, label: string) => <TextField label={label} value={fields[name]!} onValue={(text) => setFields({ ...fields, [name]: text })} error={wrong(name)} placeholder="no limit" />;
  return (
    <Dialog title="Limits of the project" onClose={onClose}>
      <div class="columns">
        {field("requests_per_minute", "Requests a minute")}
        {field("tokens_per_minute", "Tokens a minute")}
        {field("concurrent_threads", "Runs at once")}
        {field("day.tokens", "Tokens a day")}
        {field("day.cost", "US dollars a day")}
        {field("month.tokens", "Tokens a month")}
        {field("month.cost", "US dollars a month")}
      </div>
      <ErrorNote error={save.error} />
      <div class="row end"><Button kind="primary" busy={save.busy} disabled={Object.keys(fields).some((name) => wrong(name))} onClick={save.run}>Save</Button></div>
    </Dialog>
  );
}
