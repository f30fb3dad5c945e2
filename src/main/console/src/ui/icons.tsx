// Icons as paths of a 16-pixel grid, drawn with the colour of the text.
const PATHS = {
  threads: "M2.5 4h11M2.5 8h7M2.5 12h9",
  assistants: "M5 6.5h6a2 2 0 0 1 2 2v2a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-2a2 2 0 0 1 2-2ZM8 3v3.5M6 9.3v.4M10 9.3v.4",
  files: "M4 2.5h5L12.5 6v7.5h-8.5ZM9 2.5V6h3.5",
  stores: "M3 4.5c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2ZM3 4.5v7c0 1.1 2.2 2 5 2s5-.9 5-2v-7M3 8c0 1.1 2.2 2 5 2s5-.9 5-2",
  logs: "M3 3.5h10M3 6.5h10M3 9.5h6M3 12.5h8",
  webhooks: "M5.5 10.5a2.5 2.5 0 1 1-2-4M10 10.5H6.5M8 5.5a2.5 2.5 0 1 1 3.5 2.3L9 4M7.5 6 5.5 10",
  usage: "M2.5 13.5h11M4.5 11V7.5M8 11V3.5M11.5 11V6",
  keys: "M10 6.5a3 3 0 1 1-3-3 3 3 0 0 1 3 3ZM9.2 8.7l4.3 4.3M11.5 11l1.5-1.5",
  projects: "M2.5 4.5h4l1.5 1.5h5.5v7h-11Z",
  nodes: "M3 3h10v4H3ZM3 9h10v4H3ZM5 5h.1M5 11h.1",
  search: "M11 11l3 3M12 7a5 5 0 1 1-10 0 5 5 0 0 1 10 0Z",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  check: "M3.5 8.5l3 3 6-7",
  stop: "M4.5 4.5h7v7h-7Z",
  retry: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3",
  fork: "M5 4.5v3a2 2 0 0 0 2 2h2a2 2 0 0 0 2-2v-3M8 9.5v3M5 3.5v.1M11 3.5v.1M8 13.4v.1",
  copy: "M6 6h7v7H6ZM3 10V3h7",
  edit: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3Z",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  send: "M8 13V3M4 7l4-4 4 4",
  clock: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  tool: "M9.5 6.5 4 12a1.2 1.2 0 0 1-1.7-1.7l5.5-5.5A3 3 0 0 1 11.5 2L10 3.7l.5 2 2 .5L14 4.6a3 3 0 0 1-4.5 1.9Z",
  brain: "M8 3.5v9M8 4a2 2 0 0 0-3.8.7A2 2 0 0 0 3 8a2 2 0 0 0 1.4 3.2A2 2 0 0 0 8 12M8 4a2 2 0 0 1 3.8.7A2 2 0 0 1 13 8a2 2 0 0 1-1.4 3.2A2 2 0 0 1 8 12",
  memory: "M3 4h10v8H3ZM6 4V2.5M10 4V2.5M6 13.5V12M10 13.5V12M6 7h4v2H6Z",
  download: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  upload: "M8 10V3M5 5.5l3-3 3 3M3 13h10",
  play: "M5 3.5v9l7.5-4.5Z",
  warn: "M8 2.5 14 13H2ZM8 6.5v3M8 11.3v.1",
  out: "M6.5 3H3v10h3.5M7 8h7M11.5 5.5 14 8l-2.5 2.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
