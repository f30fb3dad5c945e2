// One assistant: its settings, its versions, and the playground.
import { useMemo, useState } from "preact/hooks";
import { del, get, post, type ApiError, type Page } from "../lib/api";
import { shortId } from "../lib/format";
import { useAction, useLoad, useTitle } from "../lib/hooks";
import { navigate, page } from "../lib/router";
import type { Assistant } from "../lib/types";
import { useScope } from "../session";
import { Button, Confirm, Copyable, Empty, ErrorNote, LinkButton, PageHead, Select, Skeleton, Tabs, TextArea, TextField } from "../ui/ui";
import { bodyOf, draftOf, EMPTY, errorsOf, fieldOf, type Draft } from "./draft";
import { Playground } from "./playground";
import { Tools } from "./tools";
import { Versions } from "./versions";

export function AssistantPage({ id, tab, query }: { id: string; tab: string; query: URLSearchParams }) {
  const isNew = id === "new";
  const loaded = useLoad<Assistant | null>(async (signal) => (isNew ? null : get<Assistant>(`/v1/assistants/${id}`, {}, signal)), [id]);
  const name = isNew ? "New assistant" : (loaded.data?.name ?? shortId(id));
  useTitle(name);
  if (loaded.error?.status === 404)
    return <Empty icon="assistants" title="There is no such assistant" action={<LinkButton to={page(["assistants"])}>Go to the assistants</LinkButton>}>It may have been deleted, or it belongs to another project.</Empty>;
  return (
    <div class="page">
      <PageHead back={{ to: page(["assistants"]), text: "the assistants" }} title={<bdi>{name}</bdi>} sub={!isNew && <Copyable text={id} />} />
      <ErrorNote error={loaded.error} retry={loaded.reload} />
      {!isNew && (
        <Tabs
          label="Parts of the assistant"
          current={tab}
          items={[
            { key: "settings", text: "Settings", to: page(["assistants", id]) },
            { key: "playground", text: "Playground", to: page(["assistants", id, "playground"]) },
            { key: "versions", text: "Versions", to: page(["assistants", id, "versions"]) },
          ]}
        />
      )}
      {loaded.loading && !loaded.data && !isNew ? (
        <Skeleton rows={6} height={60} />
      ) : isNew ? (
        <Settings assistant={null} onSaved={(saved) => navigate(page(["assistants", saved.id]))} />
      ) : loaded.data ? (
        tab === "playground" ? (
          <Playground assistant={loaded.data} source={query.get("thread")} />
        ) : tab === "versions" ? (
          <Versions assistant={loaded.data} version={query.get("version")} onRestored={loaded.reload} />
        ) : (
          <Settings assistant={loaded.data} onSaved={(saved) => loaded.set(() => saved)} />
        )
      ) : null}
    </div>
  );
}

function Settings({ assistant, onSaved }: { assistant: Assistant | null; onSaved: (assistant: Assistant) => void }) {
  const mayManage = useScope("manage");
  const [draft, setDraft] = useState<Draft>(assistant ? draftOf(assistant) : EMPTY);
  const [touched, touch] = useState(false);
  const errors = useMemo(() => errorsOf(draft), [draft]);
  const save = useAction(async () => {
    const saved = await post<Assistant>(assistant ? `/v1/assistants/${assistant.id}` : "/v1/assistants", bodyOf(draft));
    touch(false);
    setDraft(draftOf(saved));
    onSaved(saved);
  });
  const set = (change: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...change }));
    touch(true);
    save.clear();
  };
  const isValid = Object.keys(errors).length === 0;
  return (
    <form class="form" onSubmit={(event) => { event.preventDefault(); touch(true); if (isValid) void save.run(); }}>
      <DraftFields assistant={assistant} draft={draft} set={set} error={(field) => (touched ? errors[field] : undefined) ?? serverError(save.error, field)} />
      {save.error && !fieldOf(save.error.param) && <ErrorNote error={save.error} />}
      {mayManage && (
        <div class="form-foot">
          <Button kind="primary" type="submit" busy={save.busy} disabled={touched && !isValid}>{assistant ? "Save" : "Create the assistant"}</Button>
          {assistant && !touched && <span class="muted" role="status">All changes are saved</span>}
          <span class="grow" />
          {assistant && (
            <Confirm icon="trash" question="Threads keep their messages. Runs of this assistant in progress go on; new ones cannot be started." confirm="Delete the assistant" onConfirm={async () => { await del(`/v1/assistants/${assistant.id}`); navigate(page(["assistants"])); }}>
              Delete
            </Confirm>
          )}
        </div>
      )}
    </form>
  );
}

function serverError(error: ApiError | null, field: keyof Draft): string | undefined {
  return error && fieldOf(error.param) === field ? error.message : undefined;
}

interface FieldsProps {
  /** As it is saved; null for a new one. */
  assistant: Assistant | null;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: (field: keyof Draft) => string | undefined;
}

export function DraftFields({ assistant, draft, set, error }: FieldsProps) {
  const models = useLoad((signal) => get<Page<{ id: string }>>("/v1/models", {}, signal), []);
  return (
    <>
      <div class="columns">
        <TextField label="Name" value={draft.name} onValue={(name) => set({ name })} error={error("name")} autocomplete="off" />
        <TextField label="Model" value={draft.model} onValue={(model) => set({ model })} error={error("model")} list="models" autocomplete="off" required hint="A name that the server knows, with @date for a version of it." />
        <datalist id="models">{models.data?.data.map((model) => <option value={model.id} />)}</datalist>
      </div>
      <TextField label="Description" value={draft.description} onValue={(description) => set({ description })} error={error("description")} hint="For other assistants that may call this one." />
      <TextArea label="Instructions" rows={8} value={draft.instructions} onValue={(instructions) => set({ instructions })} error={error("instructions")} hint={`${draft.instructions.length.toLocaleString("en")} characters`} />
      <Tools tools={draft.tools} onChange={(tools) => set({ tools })} error={error("tools")} assistant={assistant} />
      <details class="fold">
        <summary>Memory, sampling and limits</summary>
        <div class="columns">
          <Select label="Memory" value={draft.memory} onValue={(memory) => set({ memory: memory as Draft["memory"] })} options={[["", "Off"], ["none", "Recall, no summary"], ["rolling", "Recall and a rolling summary"], ["reflection", "Recall, summary and facts"]]} />
          <Select label="Scope of the memory" value={draft.memoryScope} onValue={(memoryScope) => set({ memoryScope: memoryScope as Draft["memoryScope"] })} options={[["thread", "The thread"], ["assistant", "All threads of the assistant"], ["user", "All threads of the user"]]} />
          <TextField label="Temperature" value={draft.temperature} onValue={(temperature) => set({ temperature })} error={error("temperature")} placeholder="1" />
          <TextField label="Top P" value={draft.topP} onValue={(topP) => set({ topP })} error={error("topP")} placeholder="1" />
          <TextField label="Most model calls of a run" value={draft.maxTurns} onValue={(maxTurns) => set({ maxTurns })} error={error("maxTurns")} placeholder="100" />
        </div>
        <TextArea label="Response format" mono rows={3} value={draft.responseFormat} onValue={(responseFormat) => set({ responseFormat })} error={error("responseFormat")} hint="Empty for text; otherwise JSON such as a json_schema." />
        <TextArea label="Metadata" mono rows={3} value={draft.metadata} onValue={(metadata) => set({ metadata })} error={error("metadata")} />
      </details>
    </>
  );
}
