// The tools of an assistant: a form for functions, JSON for all others, and a call to try each.
import { useState } from "preact/hooks";
import { oneLine } from "../lib/format";
import type { Assistant } from "../lib/types";
import { Icon } from "../ui/icons";
import { Button, Dialog, TextArea, TextField } from "../ui/ui";
import { toolError } from "./draft";
import { TryCall } from "./try";

type Tool = Record<string, unknown>;

interface FunctionTool {
  name?: string;
  description?: string;
  parameters?: unknown;
  strict?: boolean;
}

const KINDS: [string, string, Tool][] = [
  ["function", "Function", { type: "function", function: { name: "", description: "", parameters: { type: "object", properties: {}, required: [] } } }],
  ["file_search", "File search", { type: "file_search" }],
  ["code_interpreter", "Code interpreter", { type: "code_interpreter" }],
  ["web_search", "Web search", { type: "web_search" }],
  ["webhook", "Webhook", { type: "webhook", webhook: { name: "", description: "", endpoint: "https://", parameters: { type: "object", properties: {} } } }],
  ["mcp", "MCP server", { type: "mcp", server_label: "", server_url: "https://", require_approval: "always" }],
  ["agent_routing", "Other assistant", { type: "agent_routing", agent_routing: { targets: [], mode: "delegate" } }],
];

function nameOf(tool: Tool): string {
  const spec = (tool.function ?? tool[String(tool.type)]) as { name?: string; server_label?: string } | undefined;
  return spec?.name || (tool.server_label as string) || spec?.server_label || String(tool.type).replaceAll("_", " ");
}

export function Tools({ tools, onChange, error, assistant }: { tools: Tool[]; onChange: (tools: Tool[]) => void; error?: string; assistant: Assistant | null }) {
  const [editing, edit] = useState<{ index: number; tool: Tool } | null>(null);
  const [trying, setTrying] = useState<Tool | null>(null);
  const save = (tool: Tool) => {
    const next = [...tools];
    next[editing!.index] = tool;
    onChange(next);
    edit(null);
  };
  return (
    <fieldset class="tools">
      <legend>Tools</legend>
      {tools.length === 0 && <p class="muted">No tools. The assistant answers from its instructions and the thread alone.</p>}
      <ul>
        {tools.map((tool, index) => (
          <li class="tool-row">
            <Icon name="tool" />
            <bdi class="call-name mono">{oneLine(nameOf(tool), 48)}</bdi>
            <span class="muted small-text">{String(tool.type).replaceAll("_", " ")}</span>
            {toolError(tool) && <span class="bad-text small-text">{toolError(tool)}</span>}
            <span class="grow" />
            {(tool.function || tool.webhook) && !toolError(tool) ? <Button small icon="play" onClick={() => setTrying(tool)}>Try</Button> : null}
            <Button small icon="edit" label={`Edit ${nameOf(tool)}`} onClick={() => edit({ index, tool })} />
            <Button small icon="trash" label={`Remove ${nameOf(tool)}`} onClick={() => onChange(tools.filter((_, other) => other !== index))} />
          </li>
        ))}
      </ul>
      <div class="row wrap">
        {KINDS.map(([, text, empty]) => (
          <Button small icon="plus" onClick={() => (Object.keys(empty).length === 1 ? onChange([...tools, empty]) : edit({ index: tools.length, tool: structuredClone(empty) }))}>
            {text}
          </Button>
        ))}
      </div>
      {error && <p class="bad-text" role="alert">{error}</p>}
      {editing && (
        <Dialog title={editing.tool.type === "function" ? "Function" : `Tool: ${String(editing.tool.type).replaceAll("_", " ")}`} wide onClose={() => edit(null)}>
          {editing.tool.type === "function" ? <FunctionForm tool={editing.tool} onSave={save} /> : <JsonForm tool={editing.tool} onSave={save} />}
        </Dialog>
      )}
      {trying && <Dialog title={`Try ${nameOf(trying)}`} wide onClose={() => setTrying(null)}><TryCall tool={trying} assistant={assistant} /></Dialog>}
    </fieldset>
  );
}

/** What is wrong with a JSON schema of parameters, as far as that shows by its form. */
export function schemaError(text: string): string | null {
  let schema: { type?: unknown; properties?: unknown; required?: unknown };
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  if (!schema || typeof schema !== "object" || Array.isArray(schema)) return "Expected a JSON object.";
  if (schema.type !== "object") return 'The schema has "type": "object".';
  const properties = schema.properties ?? {};
  if (typeof properties !== "object" || Array.isArray(properties)) return '"properties" is an object.';
  for (const [name, property] of Object.entries(properties as object))
    if (typeof property !== "boolean" && (!property || typeof property !== "object" || Array.isArray(property))) return `The schema of "${name}" is an object.`;
  if (schema.required !== undefined) {
    if (!Array.isArray(schema.required)) return '"required" is a list of names.';
    const unknown = schema.required.find((name) => !(String(name) in (properties as object)));
    if (unknown !== undefined) return `"required" names "${unknown}", which is not among the properties.`;
  }
  return null;
}

function FunctionForm({ tool, onSave }: { tool: Tool; onSave: (tool: Tool) => void }) {
  const spec = (tool.function ?? {}) as FunctionTool;
  const [name, setName] = useState(spec.name ?? "");
  const [description, setDescription] = useState(spec.description ?? "");
  const [schema, setSchema] = useState(JSON.stringify(spec.parameters ?? { type: "object", properties: {} }, null, 2));
  const [strict, setStrict] = useState(spec.strict ?? false);
  const wrongName = name && !/^[A-Za-z0-9_-]{1,64}$/.test(name) ? "Letters, digits, _ and -, at most 64." : null;
  const wrongSchema = schemaError(schema);
  const save = () => onSave({ ...tool, function: { ...spec, name, description, parameters: JSON.parse(schema), strict } });
  return (
    <>
      <TextField label="Function name" value={name} onValue={setName} error={wrongName} required autocomplete="off" />
      <TextArea label="What it does" rows={2} value={description} onValue={setDescription} hint="The model decides by this when to call it." />
      <TextArea label="Parameters, as a JSON schema" mono rows={12} value={schema} onValue={setSchema} error={wrongSchema} />
      <label class="check"><input type="checkbox" checked={strict} onChange={(event) => setStrict(event.currentTarget.checked)} />Arguments follow the schema strictly</label>
      <div class="row end"><Button kind="primary" disabled={!name || wrongName !== null || wrongSchema !== null} onClick={save}>Done</Button></div>
    </>
  );
}

function JsonForm({ tool, onSave }: { tool: Tool; onSave: (tool: Tool) => void }) {
  const [text, setText] = useState(JSON.stringify(tool, null, 2));
  let wrong: string | null = null;
  let parsed: Tool = {};
  try {
    parsed = JSON.parse(text);
    wrong = toolError(parsed);
  } catch (error) {
    wrong = (error as Error).message;
  }
  return (
    <>
      <TextArea label="The tool as the API has it" mono rows={16} value={text} onValue={setText} error={wrong} hint="The fields of each kind are in docs/tools.md. Secrets that are shown masked keep their value." />
      <div class="row end"><Button kind="primary" disabled={wrong !== null} onClick={() => onSave(parsed)}>Done</Button></div>
    </>
  );
}
