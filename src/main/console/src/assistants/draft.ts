// An assistant while it is edited: as the form has it, what is wrong with it, and as the API takes it.
import type { Assistant } from "../lib/types";

export interface Draft {
  name: string;
  description: string;
  model: string;
  instructions: string;
  temperature: string;
  topP: string;
  tools: Record<string, unknown>[];
  metadata: string;
  memory: "" | "none" | "rolling" | "reflection";
  memoryScope: "thread" | "assistant" | "user";
  responseFormat: string;
  maxTurns: string;
}

export type Errors = Partial<Record<keyof Draft, string>>;

export const EMPTY: Draft = {
  name: "",
  description: "",
  model: "",
  instructions: "",
  temperature: "",
  topP: "",
  tools: [],
  metadata: "{}",
  memory: "",
  memoryScope: "thread",
  responseFormat: "",
  maxTurns: "",
};

interface Memory {
  enabled?: boolean;
  summary_method?: "none" | "rolling" | "reflection";
  scope?: Draft["memoryScope"];
}

export function draftOf(assistant: Assistant): Draft {
  const memory = assistant.memory as Memory | undefined;
  const format = assistant.response_format;
  return {
    name: assistant.name ?? "",
    description: assistant.description ?? "",
    model: assistant.model,
    instructions: assistant.instructions ?? "",
    temperature: assistant.temperature === null || assistant.temperature === 1 ? "" : String(assistant.temperature),
    topP: assistant.top_p === null || assistant.top_p === 1 ? "" : String(assistant.top_p),
    tools: assistant.tools,
    metadata: JSON.stringify(assistant.metadata ?? {}, null, 2),
    memory: memory && memory.enabled !== false ? (memory.summary_method ?? "rolling") : "",
    memoryScope: memory?.scope ?? "thread",
    responseFormat: format && format !== "auto" ? JSON.stringify(format, null, 2) : "",
    maxTurns: assistant.max_turns ? String(assistant.max_turns) : "",
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function number(text: string, least: number, most: number, whole = false): string | undefined {
  if (!text.trim()) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most || (whole && !Number.isInteger(value))) return `A ${whole ? "whole " : ""}number from ${least} to ${most}.`;
  return undefined;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** What is wrong with a tool; null if nothing that shows without asking the server. */
export function toolError(tool: Record<string, unknown>): string | null {
  if (typeof tool.type !== "string") return "A tool has a type.";
  if (tool.type !== "function") return null;
  const spec = tool.function as { name?: unknown; parameters?: unknown } | undefined;
  if (!spec || typeof spec.name !== "string" || !NAME.test(spec.name)) return "A function has a name of letters, digits, _ and -, at most 64.";
  const parameters = spec.parameters as { type?: unknown } | null | undefined;
  if (parameters && (typeof parameters !== "object" || parameters.type !== "object")) return "The parameters are a JSON schema of type object.";
  return null;
}

export function errorsOf(draft: Draft): Errors {
  const errors: Errors = {};
  if (!draft.model.trim()) errors.model = "A model is required.";
  else if (draft.model.length > 256) errors.model = "At most 256 characters.";
  if (draft.name.length > 256) errors.name = "At most 256 characters.";
  if (draft.description.length > 512) errors.description = "At most 512 characters.";
  if (draft.instructions.length > 256_000) errors.instructions = "At most 256,000 characters.";
  const temperature = number(draft.temperature, 0, 2);
  if (temperature) errors.temperature = temperature;
  const topP = number(draft.topP, 0, 1);
  if (topP) errors.topP = topP;
  const turns = number(draft.maxTurns, 1, 1_000, true);
  if (turns) errors.maxTurns = turns;
  const metadata = parsed(draft.metadata || "{}");
  if (!metadata || typeof metadata !== "object" || Array.isArray(metadata)) errors.metadata = "Expected a JSON object.";
  else if (Object.keys(metadata).length > 16) errors.metadata = "At most 16 pairs.";
  else if (Object.values(metadata).some((value) => typeof value !== "string")) errors.metadata = "All values are texts.";
  if (draft.responseFormat.trim() && typeof parsed(draft.responseFormat) !== "object") errors.responseFormat = "Expected a JSON object.";
  const bad = draft.tools.map(toolError).find((error) => error !== null);
  if (bad) errors.tools = bad;
  const names = draft.tools.map((tool) => (tool.function as { name?: string } | undefined)?.name).filter(Boolean);
  if (new Set(names).size < names.length) errors.tools = "Two functions have the same name.";
  return errors;
}

/** The body that creates or changes the assistant. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const orNull = (text: string) => (text.trim() ? text : null);
  const orNumber = (text: string) => (text.trim() ? Number(text) : null);
  return {
    name: orNull(draft.name),
    description: orNull(draft.description),
    model: draft.model.trim(),
    instructions: orNull(draft.instructions),
    temperature: orNumber(draft.temperature),
    top_p: orNumber(draft.topP),
    tools: draft.tools,
    metadata: JSON.parse(draft.metadata || "{}"),
    memory: draft.memory ? { summary_method: draft.memory, scope: draft.memoryScope } : null,
    response_format: draft.responseFormat.trim() ? JSON.parse(draft.responseFormat) : "auto",
    max_turns: orNumber(draft.maxTurns),
  };
}

/** What a run has to override to be executed as the draft says. */
export function overridesOf(draft: Draft): Record<string, unknown> {
  const body = bodyOf(draft);
  return {
    model: body.model,
    instructions: body.instructions ?? "",
    tools: body.tools,
    ...(body.temperature === null ? {} : { temperature: body.temperature }),
    ...(body.top_p === null ? {} : { top_p: body.top_p }),
    response_format: body.response_format,
    ...(body.max_turns === null ? {} : { max_turns: body.max_turns }),
  };
}

const FIELDS: Record<string, keyof Draft> = { top_p: "topP", response_format: "responseFormat", max_turns: "maxTurns" };

/** The field of the form that an error of the API names. */
export function fieldOf(param: string | null): keyof Draft | null {
  const first = param?.split(/[.[]/)[0] ?? "";
  const field = FIELDS[first] ?? (first as keyof Draft);
  return field in EMPTY ? field : null;
}
