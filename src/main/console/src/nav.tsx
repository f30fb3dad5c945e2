import { useEffect, useState } from "preact/hooks";
import { href, navigate, page, useLocation } from "./lib/router";
import { useSession } from "./session";
import { Icon, type IconName } from "./ui/icons";
import { ThemeToggle } from "./ui/theme";
import { Button, Select } from "./ui/ui";

interface Item {
  section: string;
  text: string;
  icon: IconName;
  admin?: boolean;
}

const GROUPS: { title: string; items: Item[] }[] = [
  {
    title: "Work",
    items: [
      { section: "threads", text: "Threads", icon: "threads" },
      { section: "assistants", text: "Assistants", icon: "assistants" },
      { section: "files", text: "Files", icon: "files" },
      { section: "stores", text: "Vector stores", icon: "stores" },
    ],
  },
  {
    title: "Operate",
    items: [
      { section: "logs", text: "Logs", icon: "logs" },
      { section: "usage", text: "Usage and limits", icon: "usage" },
      { section: "webhooks", text: "Webhooks", icon: "webhooks" },
      { section: "keys", text: "Keys", icon: "keys" },
      { section: "projects", text: "Projects", icon: "projects", admin: true },
      { section: "nodes", text: "Nodes", icon: "nodes", admin: true },
    ],
  },
];

export function Nav({ section }: { section: string }) {
  const { session, project, projects, signOut } = useSession();
  const [open, setOpen] = useState(false);
  const { path } = useLocation();
  useEffect(() => setOpen(false), [path.join("/")]);
  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [open]);
  const isAdmin = session.admin || session.scopes.includes("admin");
  const visible = (item: Item) => !item.admin || session.admin;
  return (
    <div class={`nav${open ? " open" : ""}`}>
      <div class="nav-top">
        <a class="brand" href={page(["threads"])}><span class="mark" aria-hidden="true" />Threadmill</a>
        <span class="nav-toggle">
          <Button kind="quiet" icon={open ? "close" : "menu"} label={open ? "Close the menu" : "Open the menu"} expanded={open} onClick={() => setOpen(!open)} />
        </span>
      </div>
      <div class="nav-body">
        {projects && projects.length > 0 ? (
          <Select
            label="Project"
            inline
            value={project}
            onValue={(id) => navigate(href(["p", id, section]))}
            options={projects.map((each) => [each.id, each.name])}
          />
        ) : (
          <div class="nav-project mono" title="The project of this key">{project}</div>
        )}
        <nav aria-label="Pages">
          {GROUPS.map((group) => (
            <div class="nav-group">
              <div class="nav-title">{group.title}</div>
              {group.items.filter(visible).map((item) =>
                item.section === "keys" && !isAdmin ? null : (
                  <a href={page([item.section])} aria-current={item.section === section ? "page" : undefined}>
                    <Icon name={item.icon} />
                    {item.text}
                  </a>
                ),
              )}
            </div>
          ))}
        </nav>
        <div class="nav-foot">
          <span class="muted small-text ellipsis" title={session.name}>{session.name}</span>
          <ThemeToggle />
          <Button kind="quiet" icon="out" label="Sign out" onClick={signOut} />
        </div>
      </div>
    </div>
  );
}
