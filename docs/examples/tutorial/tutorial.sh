#!/usr/bin/env bash
# The tutorial with curl and jq.
set -euo pipefail
URL=${THREADMILL_URL:-http://127.0.0.1:8080}/v1
api() { curl -fsS -H "Authorization: Bearer $THREADMILL_API_KEY" "$@"; }
json() { api -H 'Content-Type: application/json' "$@"; }

# 1. A file, in a vector store that searches it.
printf 'The office in Ulm opens at half past eight. Bring your badge.' >handbook.txt
FILE=$(api "$URL/files" -F purpose=assistants -F file=@handbook.txt | jq -r .id)
STORE=$(json "$URL/vector_stores" -d '{"name": "Handbook", "file_ids": ["'"$FILE"'"]}' | jq -r .id)
until [ "$(api "$URL/vector_stores/$STORE" | jq .file_counts.in_progress)" = 0 ]; do sleep 0.2; done

# 2. An assistant that searches the file and calls a function of ours.
ASSISTANT=$(json "$URL/assistants" -d '{
  "model": "'"${MODEL:-rehearsal}"'",
  "instructions": "Answer from the handbook. Report the weather when it is asked for.",
  "tools": [{"type": "file_search"},
    {"type": "function", "function": {"name": "get_weather", "description": "The weather in a city",
      "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}],
  "tool_resources": {"file_search": {"vector_store_ids": ["'"$STORE"'"]}}}' | jq -r .id)

# 3. A thread with a question. The second line is for the rehearsal model, which calls what it is told to.
THREAD=$(json "$URL/threads" -d '{"messages": [{"role": "user", "content":
  "When does the office in Ulm open, and do I need an umbrella?\ncall file_search {\"queries\": [\"office opens\"]} then call get_weather {\"city\": \"Ulm\"}"}]}' | jq -r .id)

# 4. A run. It waits for the function, which is ours.
RUN=$(json "$URL/threads/$THREAD/runs" -d '{"assistant_id": "'"$ASSISTANT"'"}' | jq -r .id)
while :; do
  NOW=$(api "$URL/threads/$THREAD/runs/$RUN")
  case $(jq -r .status <<<"$NOW") in
    queued | in_progress) sleep 0.2 ;;
    requires_action)
      jq '{tool_outputs: [.required_action.submit_tool_outputs.tool_calls[]
        | {tool_call_id: .id, output: "rain, 9 degrees"}]}' <<<"$NOW" |
        json "$URL/threads/$THREAD/runs/$RUN/submit_tool_outputs" -d @- >/dev/null
      ;;
    *) break ;;
  esac
done

# 5. The answer.
echo "status: $(jq -r .status <<<"$NOW")"
echo "answer: $(api "$URL/threads/$THREAD/messages?limit=1" | jq -r '.data[0].content[0].text.value')"
