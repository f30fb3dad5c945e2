// The objects of the API, as far as the console reads them.

export type Metadata = Record<string, string>;

export interface Session {
  admin: boolean;
  project_id: string;
  scopes: string[];
  name: string;
  expires_at: number | null;
}

export interface Project {
  id: string;
  name: string;
  description?: string | null;
  status: string;
  created_at: number;
  region?: string | null;
}

export interface FoundThread {
  id: string;
  created_at: number;
  metadata: Metadata;
  assistant_id: string | null;
  status: string;
  forked_from: ForkedFrom | null;
  first_message: string | null;
  last_message: string | null;
  last_activity_at: number;
  latest_run: { id: string; status: RunStatus; assistant_id: string | null; model: string; created_at: number } | null;
}

export interface ForkedFrom {
  thread_id: string;
  message_id: string | null;
}

export interface Thread {
  id: string;
  created_at: number;
  metadata: Metadata;
  assistant_id: string | null;
  status: string;
  forked_from: ForkedFrom | null;
}

export interface Annotation {
  type: string;
  text: string;
  start_index: number;
  end_index: number;
  file_citation?: { file_id: string };
  file_path?: { file_id: string };
  url_citation?: { url: string; title: string };
  location?: { page?: number; heading?: string };
}

export interface ContentPart {
  type: string;
  text?: { value: string; annotations: Annotation[] };
  refusal?: string;
  image_file?: { file_id: string };
  image_url?: { url: string };
  file?: { file_id?: string; filename?: string };
}

export interface Message {
  id: string;
  created_at: number;
  thread_id: string;
  status: string;
  incomplete_details: { reason: string } | null;
  role: string;
  content: ContentPart[];
  assistant_id: string | null;
  run_id: string | null;
  attachments: { file_id: string }[];
  metadata: Metadata;
}

export type RunStatus =
  | "queued"
  | "in_progress"
  | "requires_action"
  | "cancelling"
  | "completed"
  | "failed"
  | "cancelled"
  | "expired"
  | "incomplete";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_token_details?: { cached_tokens?: number };
}

export interface WaitingCall {
  id: string;
  function: { name: string; arguments: string };
  approval?: boolean;
}

export interface Run {
  id: string;
  created_at: number;
  thread_id: string;
  assistant_id: string | null;
  status: RunStatus;
  required_action: { submit_tool_outputs: { tool_calls: WaitingCall[] } } | null;
  last_error: { code: string; message: string } | null;
  expires_at: number | null;
  started_at: number | null;
  cancelled_at: number | null;
  failed_at: number | null;
  completed_at: number | null;
  incomplete_details: { reason?: string; limit?: string } | null;
  model: string;
  instructions: string;
  usage: Usage | null;
  parent_run_id?: string;
  parent_thread_id?: string;
}

export interface CallFunction {
  name: string;
  arguments: string;
  output?: string | null;
  progress?: string;
}

export interface ToolCall {
  id: string;
  index?: number;
  type: string;
  function?: CallFunction;
  run_id?: string;
  thread_id?: string;
  mode?: string;
  message?: string;
  target_assistant_id?: string;
  code_interpreter?: { input?: string; outputs?: { type: string; logs?: string; image?: { file_id: string } }[] };
  file_search?: { results?: { file_name?: string; file_id: string; score: number; content?: { text?: string }[] }[] };
  [other: string]: unknown;
}

export interface Step {
  id: string;
  created_at: number;
  run_id: string;
  type: "message_creation" | "tool_calls";
  status: string;
  step_details: {
    type: string;
    message_creation?: { message_id: string };
    tool_calls?: ToolCall[];
  };
  last_error: { code: string; message: string } | null;
  completed_at: number | null;
  usage: Usage | null;
  reasoning?: { text: string; effort?: string };
  commentary?: { text: string };
  warnings?: string[];
}

export interface LogEvent {
  id: string;
  event: string;
  timestamp: string;
  assistant_id: string | null;
  thread_id: string | null;
  run_id: string | null;
  tool: string | null;
  latency_ms: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  safety_flag: string | null;
  model: string | null;
  key: string | null;
  cost: number | null;
  status: string | null;
  request_id: string | null;
  details: Record<string, unknown> | null;
}

export interface Assistant {
  id: string;
  created_at: number;
  name: string | null;
  description: string | null;
  model: string;
  instructions: string | null;
  tools: Record<string, unknown>[];
  tool_resources?: Record<string, unknown> | null;
  metadata: Metadata;
  temperature: number | null;
  top_p: number | null;
  response_format: unknown;
  [other: string]: unknown;
}
