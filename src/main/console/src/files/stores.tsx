// The vector stores of a project.
import { useState } from "preact/hooks";
import { all, post } from "../lib/api";
import { bytes, number } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page } from "../lib/router";
import { useScope } from "../session";
import { Button, Dialog, Empty, ErrorNote, PageHead, Skeleton, Status, TextField, Time } from "../ui/ui";

export interface Store {
  id: string;
  name: string | null;
  status: string;
  usage_bytes: number;
  created_at: number;
  last_active_at: number | null;
  file_counts: { total: number; completed: number; in_progress: number; failed: number; cancelled: number };
}

export function StoresPage() {
  useTitle("Vector stores");
  const mayManage = useScope("manage");
  const stores = useLoad(() => all<Store>("/v1/vector_stores", {}, 1_000), []);
  const [creating, create] = useState(false);
  const button = mayManage && <Button kind="primary" icon="plus" onClick={() => create(true)}>New store</Button>;
  return (
    <div class="page">
      <PageHead title="Vector stores">{button}</PageHead>
      <ErrorNote error={stores.error} retry={stores.reload} />
      {!stores.data ? !stores.error && <Skeleton rows={5} /> : stores.data.length === 0 ? (
        <Empty icon="stores" title="No vector stores yet" action={button}>A vector store holds files that are searched by meaning and by words. Give it to an assistant with the tool file_search.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Status</th><th class="num">Files</th><th class="num">Failed</th><th class="num">Size</th><th class="num">Used</th></tr></thead>
            <tbody>
              {stores.data.map((store) => (
                <tr>
                  <td><a href={page(["stores", store.id])}><bdi>{store.name || store.id}</bdi></a></td>
                  <td><Status value={store.status} /></td>
                  <td class="num">{number(store.file_counts.total)}</td>
                  <td class="num">{store.file_counts.failed ? <span class="bad-text">{store.file_counts.failed}</span> : 0}</td>
                  <td class="num">{bytes(store.usage_bytes)}</td>
                  <td class="num">{store.last_active_at ? <Time at={store.last_active_at} relative /> : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {creating && <CreateDialog onClose={() => create(false)} />}
    </div>
  );
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const create = useAction(async () => navigate(page(["stores", (await post<Store>("/v1/vector_stores", { name })).id])));
  return (
    <Dialog title="New vector store" onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required autocomplete="off" />
      <ErrorNote error={create.error} />
      <div class="row end"><Button kind="primary" busy={create.busy} disabled={!name.trim()} onClick={create.run}>Create</Button></div>
    </Dialog>
  );
}
