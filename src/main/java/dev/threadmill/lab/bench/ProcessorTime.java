package dev.threadmill.lab.bench;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * The processor time that the server and the processes of its database have used.
 *
 * @param server in nanoseconds
 * @param byProcess of the database, in nanoseconds by process id
 */
record ProcessorTime(long server, Map<Long, Long> byProcess) {
  static ProcessorTime read(ControlledComparison comparison) throws SQLException {
    var byProcess = new HashMap<Long, Long>();
    try (var database = comparison.environment().connect();
        var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")) {
      while (rows.next()) {
        long pid = rows.getLong(1);
        ProcessHandle.of(pid)
            .flatMap(process -> process.info().totalCpuDuration())
            .ifPresent(used -> byProcess.put(pid, used.toNanos()));
      }
    }
    return new ProcessorTime(comparison.server().processorTime().toNanos(), byProcess);
  }

  /** What was used since then. Processes that have ended in between are left out. */
  ProcessorTime minus(ProcessorTime earlier) {
    var used = new HashMap<Long, Long>();
    byProcess.forEach((pid, time) -> used.put(pid, time - earlier.byProcess.getOrDefault(pid, 0L)));
    return new ProcessorTime(server - earlier.server, used);
  }

  /** Of all processes of the database, in nanoseconds. */
  long database() {
    return byProcess.values().stream().mapToLong(Long::longValue).sum();
  }
}
