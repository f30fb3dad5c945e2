// The nodes of the cluster, for admins of the server.
import { get, type Page } from "../lib/api";
import { number, plural } from "../lib/format";
import { useLoad, useTitle } from "../lib/hooks";
import { Button, Copyable, ErrorNote, PageHead, Skeleton, Status, Time } from "../ui/ui";

interface Node {
  id: string;
  started_at: number;
  lease_until: number;
  live: boolean;
  runs: number;
  capacity: number;
}

export function NodesPage() {
  useTitle("Nodes");
  const nodes = useLoad((signal) => get<Page<Node>>("/v1/nodes", {}, signal), []);
  const data = nodes.data?.data;
  return (
    <div class="page">
      <PageHead title="Nodes" sub={data && <span class="muted">{plural(data.length, "node")}, {plural(data.reduce((sum, node) => sum + node.runs, 0), "run")} in progress</span>}>
        <Button icon="retry" busy={nodes.loading} onClick={nodes.reload}>Read again</Button>
      </PageHead>
      <ErrorNote error={nodes.error} retry={nodes.reload} />
      {!data ? !nodes.error && <Skeleton rows={3} /> : (
        <div class="table-panel" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead><tr><th>Node</th><th>State</th><th>Load</th><th class="num">Runs</th><th>Lease until</th><th>Started</th></tr></thead>
            <tbody>
              {data.map((node) => (
                <tr>
                  <td><Copyable text={node.id} shown={node.id} /></td>
                  <td><Status value={node.live ? "active" : "expired"} /></td>
                  <td><span class="meter wide" role="img" aria-label={`${node.runs} of ${node.capacity} runs`} data-full={node.runs >= node.capacity * 0.9 || undefined}><span style={{ width: `${Math.min(100, (100 * node.runs) / node.capacity)}%` }} /></span></td>
                  <td class="num">{number(node.runs)} of {number(node.capacity)}</td>
                  <td><Time at={node.lease_until} /></td>
                  <td><Time at={node.started_at} relative /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="muted">A node renews its lease every few seconds. When it does not, another one takes its runs over and removes it from this list.</p>
    </div>
  );
}
