// What models have cost, and what a project may use.
import { useMemo } from "preact/hooks";
import { all, get } from "../lib/api";
import { saveAs } from "../lib/api";
import { compact, csv, money, number, short } from "../lib/format";
import { useLoad, useTitle } from "../lib/hooks";
import { navigate, page, projectId } from "../lib/router";
import { Button, Empty, ErrorNote, PageHead, Select, Skeleton } from "../ui/ui";
import { BarChart, type Series } from "./chart";
import { LimitsPanel } from "./limits";

interface Result {
  num_model_requests: number;
  input_tokens: number;
  output_tokens: number;
  input_cached_tokens: number;
  total_tokens: number;
  cost: number | null;
  known_cost: number;
  unpriced_requests: number;
  [dimension: string]: string | number | null;
}

interface Bucket {
  start_time: number;
  end_time: number;
  results: Result[];
}

const SPANS: Record<string, { text: string; width: string; count: number; seconds: number }> = {
  hour: { text: "Last hour", width: "1m", count: 60, seconds: 60 },
  day: { text: "Last day", width: "1h", count: 24, seconds: 3_600 },
  week: { text: "Last 7 days", width: "1d", count: 7, seconds: 86_400 },
  month: { text: "Last 30 days", width: "1d", count: 30, seconds: 86_400 },
};

const GROUPS: [string, string][] = [
  ["model", "Model"],
  ["assistant_id", "Assistant"],
  ["user_id", "User"],
  ["api_key_id", "Key"],
  ["operation", "Operation"],
];

const METRICS: Record<string, { text: string; of: (result: Result) => number; format: (value: number) => string }> = {
  cost: { text: "Cost", of: (result) => result.known_cost, format: money },
  tokens: { text: "Tokens", of: (result) => result.total_tokens, format: compact },
  requests: { text: "Model calls", of: (result) => result.num_model_requests, format: compact },
};

/** Groups beyond this number are shown together. */
const MOST = 5;

async function load(span: string, group: string, signal: AbortSignal): Promise<Bucket[]> {
  const { width, count, seconds } = SPANS[span]!;
  const start = (Math.floor(Date.now() / 1_000 / seconds) - count + 1) * seconds;
  const found = await get<{ data: Bucket[] }>(`/v1/projects/${projectId()}/usage`, { bucket_width: width, group_by: group, limit: count, start_time: start }, signal);
  return found.data;
}

interface Total {
  name: string;
  requests: number;
  input: number;
  cached: number;
  output: number;
  known: number;
  unpriced: number;
}

function totals(buckets: Bucket[], group: string): Total[] {
  const found = new Map<string, Total>();
  for (const bucket of buckets)
    for (const result of bucket.results) {
      const name = String(result[group] ?? "none");
      const sum = found.get(name) ?? { name, requests: 0, input: 0, cached: 0, output: 0, known: 0, unpriced: 0 };
      sum.requests += result.num_model_requests;
      sum.input += result.input_tokens;
      sum.cached += result.input_cached_tokens;
      sum.output += result.output_tokens;
      sum.known += result.known_cost;
      sum.unpriced += result.unpriced_requests;
      found.set(name, sum);
    }
  return [...found.values()].sort((a, b) => b.known - a.known || b.input + b.output - (a.input + a.output));
}

function seriesOf(buckets: Bucket[], group: string, metric: string, names: Map<string, string>): Series[] {
  const { of } = METRICS[metric]!;
  const order = totals(buckets, group).map((total) => total.name);
  const shown = order.slice(0, order.length > MOST + 1 ? MOST : MOST + 1);
  const series = shown.map((name) => ({ name: names.get(name) ?? name, values: buckets.map((bucket) => bucket.results.filter((result) => String(result[group] ?? "none") === name).reduce((sum, result) => sum + of(result), 0)) }));
  if (order.length > shown.length)
    series.push({ name: `${order.length - shown.length} others`, values: buckets.map((bucket) => bucket.results.filter((result) => !shown.includes(String(result[group] ?? "none"))).reduce((sum, result) => sum + of(result), 0)) });
  return series;
}

export function UsagePage({ query }: { query: URLSearchParams }) {
  useTitle("Usage and limits");
  const span = SPANS[query.get("span") ?? ""] ? query.get("span")! : "week";
  const group = GROUPS.some(([key]) => key === query.get("by")) ? query.get("by")! : "model";
  const metric = METRICS[query.get("show") ?? ""] ? query.get("show")! : "tokens";
  const usage = useLoad((signal) => load(span, group, signal), [span, group]);
  const assistants = useLoad(() => all<{ id: string; name: string | null }>("/v1/assistants"), []);
  const names = useMemo(() => new Map((assistants.data ?? []).map((each) => [each.id, each.name || each.id])), [assistants.data]);
  const set = (change: Record<string, string>) => navigate(page(["usage"], { span, by: group, show: metric, ...change }), true);
  const buckets = usage.data;
  const rows = buckets ? totals(buckets, group) : [];
  const save = () =>
    saveAs(
      csv([
        ["start_time", group, "model_calls", "input_tokens", "input_cached_tokens", "output_tokens", "known_cost_usd", "calls_without_price"],
        ...buckets!.flatMap((bucket) => bucket.results.map((result) => [new Date(bucket.start_time * 1_000).toISOString(), result[group] ?? null, result.num_model_requests, result.input_tokens, result.input_cached_tokens, result.output_tokens, result.known_cost, result.unpriced_requests])),
      ]),
      `usage-${projectId()}-${span}.csv`,
    );
  return (
    <div class="page">
      <PageHead title="Usage and limits">
        <Select inline label="Time" value={span} onValue={(value) => set({ span: value })} options={Object.entries(SPANS).map(([key, each]): [string, string] => [key, each.text])} />
        <Select inline label="Show" value={metric} onValue={(value) => set({ show: value })} options={Object.entries(METRICS).map(([key, each]): [string, string] => [key, each.text])} />
        <Select inline label="By" value={group} onValue={(value) => set({ by: value })} options={GROUPS} />
        <Button icon="download" disabled={!rows.length} onClick={save}>CSV</Button>
      </PageHead>
      <ErrorNote error={usage.error} retry={usage.reload} />
      {!buckets ? (
        !usage.error && <Skeleton rows={4} height={60} />
      ) : rows.length === 0 ? (
        <Empty icon="usage" title="Nothing was used in this time">Each call of a model is counted here with its tokens and its cost. Prices are set in the models file.</Empty>
      ) : (
        <>
          <div class="panel">
            <BarChart
              label={METRICS[metric]!.text}
              times={buckets.map((bucket) => label(bucket.start_time, span))}
              series={seriesOf(buckets, group, metric, names)}
              format={METRICS[metric]!.format}
            />
          </div>
          <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
            <table>
              <thead><tr><th>{GROUPS.find(([key]) => key === group)![1]}</th><th class="num">Model calls</th><th class="num">Input</th><th class="num">Cached</th><th class="num">Output</th><th class="num">Cost</th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    <td><bdi>{names.get(row.name) ?? row.name}</bdi></td>
                    <td class="num">{number(row.requests)}</td>
                    <td class="num">{number(row.input)}</td>
                    <td class="num">{number(row.cached)}</td>
                    <td class="num">{number(row.output)}</td>
                    <td class="num" title={row.unpriced ? `${row.unpriced} calls of models without a known price are not in it` : undefined}>{row.unpriced && !row.known ? "not known" : money(row.known)}{row.unpriced && row.known ? " +" : ""}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <LimitsPanel />
    </div>
  );
}

function label(start: number, span: string): string {
  const date = new Date(start * 1_000);
  return SPANS[span]!.seconds < 86_400 ? short(date).replace(/^.*, /, "") : new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", timeZone: "UTC" }).format(date);
}
