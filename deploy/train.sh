#!/usr/bin/env bash
# Writes the ahead-of-time cache of the JVM for the server in /app, or APP: train.sh FILE
# A start with the cache takes a third of the time. Without a cache the server works as well, so a failure ends with an empty
# file and not with an error.
set -u
cache=$1
app=${APP:-/app}
home=$(mktemp -d)
port=${TRAIN_PORT:-8099}
url=http://127.0.0.1:$port

export THREADMILL_HOME=$home THREADMILL_PORT=$port THREADMILL_HOST=127.0.0.1 THREADMILL_API_KEY=training-key-0001
export OPENAI_BASE_URL='' OPENAI_API_KEY=''
java -XX:AOTCacheOutput="$cache" -XX:MaxRAMPercentage=50 -jar "$app/quarkus-run.jar" >"$home/log" 2>&1 &
server=$!

call() { curl -fsS -H "authorization: Bearer $THREADMILL_API_KEY" -H 'content-type: application/json' "$@"; }
id() { sed -n 's/^{"id":"\([^"]*\)".*/\1/p'; }

train() {
  local tries=0 assistant thread
  until curl -fsS "$url/q/health/ready" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 240 ] && kill -0 "$server" 2>/dev/null || return 1
    sleep 0.5
  done
  assistant=$(call "$url/v1/assistants" -d '{"model": "rehearsal", "instructions": "Be brief."}' | id)
  for _ in $(seq 50); do
    thread=$(call "$url/v1/threads" -d '{"messages": [{"role": "user", "content": "Hello"}]}' | id)
    call "$url/v1/threads/$thread/runs" -d "{\"assistant_id\": \"$assistant\", \"stream\": true}" >/dev/null || return 1
    call "$url/v1/threads/$thread/messages" >/dev/null
  done
}

if train; then
  kill -TERM "$server"
  wait "$server"
else
  tail -n 20 "$home/log" >&2
  kill -KILL "$server" 2>/dev/null
fi
rm -rf "$home"
[ -s "$cache" ] || { echo "train.sh: no cache was written" >&2; : >"$cache"; }
