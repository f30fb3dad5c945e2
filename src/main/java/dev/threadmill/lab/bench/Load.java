package dev.threadmill.lab.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/** Generates load on the server or the control. */
final class Load {
  private Load() {}

  /** Creates a client. */
  interface ClientFactory<C extends AutoCloseable> {
    C connect() throws Exception;
  }

  /** One unit of work. Latency counts from {@code since}. */
  interface Job<C, T> {
    T once(C client, long since) throws Exception;
  }

  /**
   * The results of a load test.
   *
   * @param results of the jobs that ended within the time
   */
  record Result<T>(List<T> results, double perSecond) {}

  /**
   * Closed-loop load: each client starts its next job when the last has ended. Measures throughput.
   */
  static <C extends AutoCloseable, T> Result<T> closedLoop(
      int clients, Duration time, ClientFactory<C> from, Job<C, T> job) throws Exception {
    Queue<T> results = new ConcurrentLinkedQueue<>();
    long begin = System.nanoTime();
    long end = begin + time.toNanos();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> workers = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        workers.add(
            threads.submit(
                () -> {
                  try (var client = from.connect()) {
                    for (long now = begin; now < end; now = System.nanoTime()) {
                      var result = job.once(client, System.nanoTime());
                      if (System.nanoTime() <= end) {
                        results.add(result);
                      }
                    }
                  }
                  return null;
                }));
      }
      join(workers);
    }
    return new Result<>(List.copyOf(results), results.size() / (time.toNanos() / 1e9));
  }

  /**
   * Open-loop load: jobs start at a fixed rate whether or not earlier ones have ended. Measures
   * latency, which counts from the scheduled start, so that a stall is included for all jobs that
   * it delays.
   */
  static <C extends AutoCloseable, T> Result<T> openLoop(
      int perSecond, Duration time, ClientFactory<C> from, Job<C, T> job) throws Exception {
    var idle = new LinkedBlockingQueue<C>();
    Queue<T> results = new ConcurrentLinkedQueue<>();
    int count = (int) (perSecond * time.toMillis() / 1000);
    long begin = System.nanoTime();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long due = begin + i * 1_000_000_000L / perSecond;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        all.add(
            threads.submit(
                () -> {
                  var client = idle.poll();
                  if (client == null) {
                    client = from.connect();
                  }
                  results.add(job.once(client, due));
                  idle.add(client);
                  return null;
                }));
      }
      join(all);
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    for (var client : idle) {
      client.close();
    }
    return new Result<>(List.copyOf(results), results.size() / seconds);
  }

  private static void join(List<Future<?>> workers) throws Exception {
    for (var worker : workers) {
      try {
        worker.get();
      } catch (ExecutionException e) {
        workers.forEach(each -> each.cancel(true));
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
  }
}
