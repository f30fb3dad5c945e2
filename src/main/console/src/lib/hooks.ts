import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api";

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
  set: (change: (old: T | null) => T | null) => void;
}

/** Loads a value when the dependencies change. While it is loaded anew the old value stays. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, dependencies: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: ApiError | null; loading: boolean }>({
    data: null,
    error: null,
    loading: true,
  });
  const [count, setCount] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, loading: true, error: null }));
    load(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ data, error: null, loading: false }),
      (error) => !stop.signal.aborted && setState((old) => ({ ...old, error: asApiError(error), loading: false })),
    );
    return () => stop.abort();
  }, [...dependencies, count]);
  const reload = useCallback(() => setCount((old) => old + 1), []);
  const set = useCallback((change: (old: T | null) => T | null) => setState((old) => ({ ...old, data: change(old.data) })), []);
  return { ...state, reload, set };
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, String((error as Error)?.message ?? error));
}

/** An action of a button: whether it is under way, and the error of the last time. */
export function useAction<A extends unknown[]>(action: (...args: A) => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const mounted = useRef(true);
  useEffect(() => () => void (mounted.current = false), []);
  const run = async (...args: A) => {
    setBusy(true);
    setError(null);
    try {
      await action(...args);
      return true;
    } catch (failure) {
      if (mounted.current) setError(asApiError(failure));
      return false;
    } finally {
      if (mounted.current) setBusy(false);
    }
  };
  return { run, busy, error, clear: () => setError(null) };
}

/** A value that changes only when it has not changed for a while. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Threadmill` : "Threadmill";
  }, [title]);
}
