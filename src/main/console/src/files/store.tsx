// One vector store: its files with what became of them, their text as the search has it, and a search with scores.
import { useEffect, useState } from "preact/hooks";
import { all, del, get, post, type Page } from "../lib/api";
import { bytes, oneLine, plural, shortId } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import { follow } from "../lib/sse";
import { useScope } from "../session";
import { Icon } from "../ui/icons";
import { Badge, Button, Confirm, Copyable, Dialog, Empty, ErrorNote, PageHead, Select, Skeleton, Status, Tabs, Time } from "../ui/ui";
import { UploadButton, Uploads, useUploads, type FileObject } from "./files";
import type { Store } from "./stores";

interface StoreFile {
  id: string;
  usage_bytes: number;
  created_at: number;
  status: string;
  last_error: { code: string; message: string } | null;
  attributes: Record<string, unknown> | null;
}

export function StorePage({ id, tab, file, query }: { id: string; tab: string; file: string | null; query: URLSearchParams }) {
  const store = useLoad((signal) => get<Store>(`/v1/vector_stores/${id}`, {}, signal), [id]);
  useTitle(store.data?.name ?? "Vector store");
  const mayManage = useScope("manage");
  return (
    <div class="page">
      <PageHead back={{ to: page(["stores"]), text: "the vector stores" }} title={<bdi>{store.data?.name || shortId(id)}</bdi>} sub={<><Copyable text={id} />{store.data && <><Status value={store.data.status} /><span class="muted">{plural(store.data.file_counts.total, "file")}, {bytes(store.data.usage_bytes)}</span></>}</>}>
        {mayManage && <Confirm small icon="trash" question="Its files stay, but cannot be searched here any more." confirm="Delete the store" onConfirm={async () => { await del(`/v1/vector_stores/${id}`); navigate(page(["stores"])); }}>Delete</Confirm>}
      </PageHead>
      <Tabs label="Parts of the store" current={tab} items={[{ key: "files", text: "Files", to: page(["stores", id]) }, { key: "search", text: "Search", to: page(["stores", id, "search"]) }]} />
      <ErrorNote error={store.error} retry={store.reload} />
      {tab === "search" ? <StoreSearch id={id} initial={query.get("q") ?? ""} /> : <StoreFiles id={id} file={file} onChange={store.reload} />}
    </div>
  );
}

function StoreFiles({ id, file, onChange }: { id: string; file: string | null; onChange: () => void }) {
  const mayManage = useScope("manage");
  const path = `/v1/vector_stores/${id}/files`;
  const loaded = useLoad(async () => {
    const [inStore, files] = await Promise.all([all<StoreFile>(path, {}, 1_000), all<FileObject>("/v1/files", {}, 1_000)]);
    const names = new Map(files.map((each) => [each.id, each.filename]));
    return inStore.map((each) => ({ ...each, name: names.get(each.id) ?? each.id }));
  }, [path]);
  const reload = () => {
    loaded.reload();
    onChange();
  };
  // The log says when a file is indexed.
  useEffect(
    () => follow(`/v1/projects/${projectId()}/logs`, { stream: true, event: "vector_store.file.completed,vector_store.file.failed" }, { event: reload }, true),
    [id],
  );
  const { sending, send } = useUploads(() => "assistants", (made) => void post(path, { file_id: made.id }).then(reload, reload));
  const retry = useAction(async (fileId: string) => {
    await del(`${path}/${fileId}`);
    await post(path, { file_id: fileId });
    reload();
  });
  return (
    <>
      {mayManage && <div class="row end pad"><UploadButton onFiles={(list) => void send(list)}>Upload to this store</UploadButton></div>}
      <Uploads sending={sending} />
      <ErrorNote error={loaded.error ?? retry.error} retry={loaded.reload} />
      {!loaded.data ? !loaded.error && <Skeleton rows={5} /> : loaded.data.length === 0 ? (
        <Empty icon="files" title="The store has no files">Upload documents: their text is extracted, cut into chunks and indexed in the background.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>File</th><th>Status</th><th>Attributes</th><th class="num">Size</th><th class="num">Added</th><th /></tr></thead>
            <tbody>
              {loaded.data.map((each) => (
                <tr>
                  <td><a href={page(["stores", id, "files", each.id])}><bdi>{each.name}</bdi></a></td>
                  <td><Status value={each.status} />{each.last_error && <div class="small-text bad-text"><bdi>{each.last_error.message}</bdi></div>}</td>
                  <td>{Object.entries(each.attributes ?? {}).map(([name, value]) => <Badge>{oneLine(`${name}: ${String(value)}`, 40)}</Badge>)}</td>
                  <td class="num">{bytes(each.usage_bytes)}</td>
                  <td class="num"><Time at={each.created_at} /></td>
                  <td class="num">{mayManage && each.status === "failed" && <Button small busy={retry.busy} onClick={() => retry.run(each.id)}>Try again</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {file && <TextDialog store={id} file={file} onClose={() => navigate(page(["stores", id]))} />}
    </>
  );
}

interface Content {
  data: { type: string; text: string }[];
  has_more: boolean;
  next_page: string | null;
}

function TextDialog({ store, file, onClose }: { store: string; file: string; onClose: () => void }) {
  const [parts, setParts] = useState<string[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const load = useAction(async (from: string | null) => {
    const found = await get<Content>(`/v1/vector_stores/${store}/files/${file}/content`, { page: from });
    setParts((old) => [...old, ...found.data.map((each) => each.text)]);
    setNext(found.has_more ? found.next_page : null);
  });
  useEffect(() => void load.run(null), [file]);
  return (
    <Dialog title="The text as it was read" wide onClose={onClose}>
      <ErrorNote error={load.error} />
      {parts.map((part, index) => <section class="panel" aria-label={`Part ${index + 1}`}><pre class="reading-text" dir="auto">{part}</pre></section>)}
      {next && <Button busy={load.busy} onClick={() => load.run(next)}>Read on</Button>}
      {!parts.length && load.busy && <Skeleton rows={6} />}
    </Dialog>
  );
}

interface Result {
  file_id: string;
  filename: string;
  score: number;
  page?: number;
  heading?: string;
  attributes: Record<string, unknown> | null;
  content: { type: string; text: string }[];
}

function StoreSearch({ id, initial }: { id: string; initial: string }) {
  const [text, setText] = useState(initial);
  const [most, setMost] = useState("10");
  const [found, setFound] = useState<Result[] | null>(null);
  const search = useAction(async () => {
    const results = await post<Page<Result>>(`/v1/vector_stores/${id}/search`, { query: text, max_num_results: Number(most) });
    setFound(results.data);
    navigate(page(["stores", id, "search"], { q: text }), true);
  });
  useEffect(() => {
    if (initial) void search.run();
  }, []);
  return (
    <>
      <form class="row wrap search-form" onSubmit={(event) => { event.preventDefault(); if (text.trim()) void search.run(); }}>
        <label class="search grow"><span class="sr">Query</span><Icon name="search" /><input type="search" placeholder="Search the files" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <Select inline label="Results" value={most} onValue={setMost} options={[["5", "5 results"], ["10", "10 results"], ["25", "25 results"], ["50", "50 results"]]} />
        <Button kind="primary" type="submit" busy={search.busy} disabled={!text.trim()}>Search</Button>
      </form>
      <ErrorNote error={search.error} />
      {!found ? <Empty icon="search" title="Search as an assistant would">Passages are shown with their scores, file, page and heading.</Empty> : found.length === 0 ? <Empty icon="search" title="Nothing was found">Files that are still being indexed are not searched yet.</Empty> : (
        <ol class="cards">
          {found.map((result) => (
            <li class="panel">
              <div class="row wrap between">
                <span class="row wrap"><span class="meter" aria-hidden="true"><span style={{ width: `${result.score * 100}%` }} /></span><span class="score">{result.score.toFixed(4)}</span><a href={page(["stores", id, "files", result.file_id])}><bdi>{oneLine(result.filename, 80)}</bdi></a></span>
                <span class="muted small-text"><bdi>{[result.page && `page ${result.page}`, result.heading && oneLine(result.heading, 80)].filter(Boolean).join(", ")}</bdi></span>
              </div>
              {result.content.map((content) => <p class="passage-text" dir="auto">{content.text}</p>)}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
