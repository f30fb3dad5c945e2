// Stacked bars over time, as SVG in the colours of the page, with the same numbers as a table for readers of tables.
import { useState } from "preact/hooks";

export interface Series {
  name: string;
  values: number[];
}

interface Props {
  label: string;
  /** The beginnings of the buckets. */
  times: string[];
  series: Series[];
  format: (value: number) => string;
}

const WIDTH = 720;
const HEIGHT = 180;
const AXIS = 18;

/** The next round number: 1, 2 or 5 with zeros. */
function ceiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value)!;
}

export function BarChart({ label, times, series, format }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const sums = times.map((_, index) => series.reduce((sum, each) => sum + each.values[index]!, 0));
  const top = ceiling(Math.max(0, ...sums));
  const step = WIDTH / Math.max(1, times.length);
  const scale = (value: number) => (value / top) * (HEIGHT - AXIS - 16);
  const every = Math.ceil(times.length / 8);
  return (
    <figure class="chart">
      <figcaption class="row wrap between">
        <b>{label}</b>
        <span class="muted" role="status">{at === null ? `${format(sums.reduce((a, b) => a + b, 0))} in all` : `${times[at]}: ${format(sums[at]!)}`}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}, ${times.length} bars, highest ${format(Math.max(0, ...sums))}`} onMouseLeave={() => setAt(null)}>
        {[0, 0.5, 1].map((share) => (
          <g>
            <line class="chart-line" x1="0" x2={WIDTH} y1={HEIGHT - AXIS - scale(top * share)} y2={HEIGHT - AXIS - scale(top * share)} />
            {share > 0 && <text class="chart-text" x="0" y={HEIGHT - AXIS - scale(top * share) - 3}>{format(top * share)}</text>}
          </g>
        ))}
        {times.map((time, index) => {
          let y = HEIGHT - AXIS;
          return (
            <g onMouseEnter={() => setAt(index)} data-at={at === index || undefined}>
              <rect class="chart-hover" x={index * step} y="0" width={step} height={HEIGHT - AXIS} />
              {series.map((each, number) => {
                const height = scale(each.values[index]!);
                y -= height;
                return height > 0 ? <rect class="chart-bar" data-series={number} x={index * step + step * 0.14} width={step * 0.72} y={y} height={height} /> : null;
              })}
              {index % every === 0 && <text class="chart-text" x={index * step + step / 2} y={HEIGHT - 4} text-anchor="middle">{time}</text>}
            </g>
          );
        })}
      </svg>
      {series.length > 1 && (
        <ul class="legend">{series.map((each, number) => <li><span class="swatch" data-series={number} /><bdi>{each.name}</bdi><span class="muted">{format(each.values.reduce((a, b) => a + b, 0))}</span></li>)}</ul>
      )}
    </figure>
  );
}
