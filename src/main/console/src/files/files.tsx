// Files of a project: uploaded here or by applications, with what became of reading them.
import { useRef, useState } from "preact/hooks";
import { all, del, download, get, upload } from "../lib/api";
import { bytes } from "../lib/format";
import { asApiError, useLoad, useTitle } from "../lib/hooks";
import { navigate, page } from "../lib/router";
import { useScope } from "../session";
import { Picture } from "../threads/message";
import { Badge, Button, Confirm, Copyable, Dialog, Empty, ErrorNote, PageHead, Select, Skeleton, Status, Time } from "../ui/ui";

export interface FileObject {
  id: string;
  bytes: number;
  created_at: number;
  filename: string;
  purpose: string;
  status: string;
  status_details?: string;
}

interface Sending {
  name: string;
  share: number;
  error: string | null;
}

/** Uploads files one after the other and shows how far each is. */
export function useUploads(purpose: () => string, onDone: (file: FileObject) => void) {
  const [sending, setSending] = useState<Sending[]>([]);
  const send = async (files: File[]) => {
    for (const file of files) {
      const set = (change: Partial<Sending>) => setSending((old) => old.map((each) => (each.name === file.name ? { ...each, ...change } : each)));
      setSending((old) => [...old.filter((each) => each.name !== file.name), { name: file.name, share: 0, error: null }]);
      const form = new FormData();
      form.append("purpose", purpose());
      form.append("file", file);
      try {
        const made = await upload<FileObject>("/v1/files", form, (share) => set({ share }));
        setSending((old) => old.filter((each) => each.name !== file.name));
        onDone(made);
      } catch (error) {
        set({ error: asApiError(error).message });
      }
    }
  };
  return { sending, send };
}

export function Uploads({ sending }: { sending: Sending[] }) {
  return (
    <ul class="uploads" aria-live="polite">
      {sending.map((each) => (
        <li class="row">
          <bdi class="ellipsis">{each.name}</bdi>
          {each.error ? <span class="bad-text">{each.error}</span> : <progress value={each.share} max={1} aria-label={`Upload of ${each.name}`} />}
        </li>
      ))}
    </ul>
  );
}

export function UploadButton({ onFiles, children }: { onFiles: (files: File[]) => void; children: string }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input ref={input} type="file" multiple hidden aria-label={children} onChange={(event) => { onFiles([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ""; }} />
      <Button kind="primary" icon="upload" onClick={() => input.current!.click()}>{children}</Button>
    </>
  );
}

export function FilesPage({ file }: { file: string | null }) {
  useTitle("Files");
  const mayRun = useScope("run");
  const [purpose, setPurpose] = useState("assistants");
  const files = useLoad(() => all<FileObject>("/v1/files", {}, 1_000), []);
  const { sending, send } = useUploads(() => purpose, files.reload);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    if (mayRun && event.dataTransfer?.files.length) void send([...event.dataTransfer.files]);
  };
  return (
    <div class="page" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <PageHead title="Files">
        {mayRun && (
          <>
            <Select inline label="Purpose" value={purpose} onValue={setPurpose} options={[["assistants", "For assistants"], ["vision", "Pictures"], ["user_data", "User data"]]} />
            <UploadButton onFiles={(list) => void send(list)}>Upload</UploadButton>
          </>
        )}
      </PageHead>
      <Uploads sending={sending} />
      <ErrorNote error={files.error} retry={files.reload} />
      {!files.data ? !files.error && <Skeleton rows={6} /> : files.data.length === 0 ? (
        <Empty icon="files" title="No files yet">Upload a file or drop it here. For search, add it to a vector store afterwards.</Empty>
      ) : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Name</th><th>Id</th><th>Purpose</th><th>Status</th><th class="num">Size</th><th class="num">Created</th></tr></thead>
            <tbody>
              {files.data.map((each) => (
                <tr>
                  <td><a href={page(["files", each.id])}><bdi>{each.filename}</bdi></a></td>
                  <td><Copyable text={each.id} /></td>
                  <td><Badge>{each.purpose}</Badge></td>
                  <td><Status value={each.status} />{each.status_details && <div class="small-text bad-text"><bdi>{each.status_details}</bdi></div>}</td>
                  <td class="num">{bytes(each.bytes)}</td>
                  <td class="num"><Time at={each.created_at} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {file && <FileDialog id={file} onClose={() => navigate(page(["files"]))} onDeleted={files.reload} />}
    </div>
  );
}

const PICTURE = /\.(png|jpe?g|gif|webp)$/i;

function FileDialog({ id, onClose, onDeleted }: { id: string; onClose: () => void; onDeleted: () => void }) {
  const mayRun = useScope("run");
  const file = useLoad((signal) => get<FileObject>(`/v1/files/${id}`, {}, signal), [id]);
  const data = file.data;
  return (
    <Dialog title={data?.filename ?? "File"} wide onClose={onClose}>
      <ErrorNote error={file.error} />
      {data && (
        <>
          <dl class="facts">
            <div><dt>Id</dt><dd><Copyable text={data.id} /></dd></div>
            <div><dt>Size</dt><dd>{bytes(data.bytes)}</dd></div>
            <div><dt>Purpose</dt><dd>{data.purpose}</dd></div>
            <div><dt>Status</dt><dd><Status value={data.status} /></dd></div>
            <div><dt>Created</dt><dd><Time at={data.created_at} /></dd></div>
          </dl>
          {data.status_details && <div class="note bad"><bdi>{data.status_details}</bdi></div>}
          {PICTURE.test(data.filename) && data.bytes < 20_000_000 && <Picture file={data.id} />}
          <div class="row end">
            <Button icon="download" onClick={() => download(`/v1/files/${id}/content`, data.filename)}>Download</Button>
            {mayRun && <Confirm icon="trash" question="The file leaves all vector stores and threads." confirm="Delete the file" onConfirm={async () => { await del(`/v1/files/${id}`); onDeleted(); onClose(); }}>Delete</Confirm>}
          </div>
        </>
      )}
    </Dialog>
  );
}
