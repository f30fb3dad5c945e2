// Addresses of pages: /console/p/{project}/…, so that each page can be linked to.
import { useEffect, useState } from "preact/hooks";

const BASE = "/console";

export interface Location {
  /** Segments below the base, decoded. */
  path: string[];
  query: URLSearchParams;
}

function read(): Location {
  const rest = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : "";
  const path = rest
    .split("/")
    .filter(Boolean)
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    });
  return { path, query: new URLSearchParams(location.search) };
}

let listeners: (() => void)[] = [];
const changed = () => listeners.forEach((listener) => listener());
addEventListener("popstate", changed);

export function useLocation(): Location {
  const [current, set] = useState(read);
  useEffect(() => {
    const listener = () => set(read());
    listeners.push(listener);
    return () => {
      listeners = listeners.filter((other) => other !== listener);
    };
  }, []);
  return current;
}

/** The address of a page. */
export function href(path: string[], query: Record<string, string | null | undefined> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, value);
  const text = params.toString();
  return [BASE, ...path.map(encodeURIComponent)].join("/") + (text ? "?" + text : "");
}

export function navigate(to: string, replace = false): void {
  if (to === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", to);
  else {
    history.pushState(null, "", to);
    scrollTo(0, 0);
  }
  changed();
}

/** Lets links to pages of the console change the page without loading it anew. */
export function captureLinks(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(BASE + "/")) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}

let currentProject = "";

export function setCurrentProject(id: string): void {
  currentProject = id;
}

/** The address of a page of the project that is shown. */
export function page(path: string[], query: Record<string, string | null | undefined> = {}): string {
  return href(["p", currentProject, ...path], query);
}

export function projectId(): string {
  return currentProject;
}
