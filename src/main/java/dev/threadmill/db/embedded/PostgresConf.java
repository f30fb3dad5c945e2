package dev.threadmill.db.embedded;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The configuration of the embedded PostgreSQL, for a machine that it shares with the server. */
final class PostgresConf {
  private static final long MIB = 1L << 20;

  private PostgresConf() {}

  /**
   * Rewritten at every start; {@code local.conf} in the same folder belongs to the operator and
   * overrides it.
   */
  static final String POSTGRESQL_CONF =
      """
      # Threadmill writes this file and threadmill.conf. Put settings of your own into local.conf.
      include 'threadmill.conf'
      include_if_exists 'local.conf'
      """;

  /** Only scram and only this machine, so every connection needs the password in the home. */
  static final String PG_HBA_CONF = "host all all 127.0.0.1/32 scram-sha-256\n";

  static String threadmillConf(int port, String timeZone) {
    return threadmillConf(port, timeZone, memory());
  }

  static String threadmillConf(int port, String timeZone, long memory) {
    return """
        listen_addresses = '127.0.0.1'
        port = %d
        # A socket file would need a folder that no other user can get at; the loopback port with a password does.
        unix_socket_directories = ''
        # Each node has a pool of its own, and several may share this server.
        max_connections = 200
        timezone = '%s'
        log_timezone = 'UTC'

        # A commit that was acknowledged is on the disk. These three are the defaults, and are written down since all rests on them.
        fsync = on
        synchronous_commit = on
        full_page_writes = on

        # The Java heap and the page cache need the rest of the memory.
        shared_buffers = %dMB
        effective_cache_size = %dMB
        work_mem = 8MB
        # Building an HNSW index is many times faster while its graph fits in here.
        maintenance_work_mem = %dMB

        # Fewer, smoother checkpoints; recovery after a crash still reads at most about 1 GB.
        wal_buffers = 16MB
        max_wal_size = 1GB
        min_wal_size = 128MB
        checkpoint_timeout = 10min
        checkpoint_completion_target = 0.9

        # Our statements are short: compiling or parallelising one costs more than it saves.
        jit = off
        max_parallel_workers_per_gather = 0
        # The cost of a random read on flash, not on a turning disk.
        random_page_cost = 1.1
        # Thread tables may be hash-partitioned; a statement over all partitions takes one lock each.
        max_locks_per_transaction = 256

        # Runs and the journal are written and deleted all day: clean up early, in small bites.
        autovacuum_naptime = 15s
        autovacuum_vacuum_scale_factor = 0.05
        autovacuum_analyze_scale_factor = 0.05
        autovacuum_vacuum_insert_scale_factor = 0.1

        # What clients do wrong is the server's to report; statements and their values never reach a log.
        log_min_messages = log
        log_min_error_statement = panic
        log_error_verbosity = terse
        log_checkpoints = off
        log_autovacuum_min_duration = -1
        log_line_prefix = '%%m [%%p] '
        """
        .formatted(
            port,
            timeZone,
            clamp(memory / 8, 128, 8192),
            clamp(memory / 3, 256, 16_384),
            clamp(memory / 32, 64, 512));
  }

  private static long clamp(long bytes, long min, long max) {
    return Math.clamp(bytes / MIB, min, max);
  }

  /** The memory of the machine or of the container. */
  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 2048 * MIB;
  }
}
