package dev.threadmill.db.embedded;

import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.db.embedded.EmbeddedPostgres.Vector;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Finds the binaries with the wanted {@code vector} in the cache, or installs them there. */
final class PrepareInstallation {
  private PrepareInstallation() {}

  static PostgresInstallation of(Options options, PostgresLayout places)
      throws IOException, InterruptedException {
    Platform platform = Platform.current();
    List<Path> caches = new ArrayList<>(List.of(places.cache()));
    caches.addAll(options.moreCaches());
    var ready =
        options.vector() == Vector.SQL_FALLBACK
            ? PostgresInstallation.find(places.cache(), platform, new VectorExtension.SqlFallback())
            : PgvectorBuild.cached(caches, platform)
                .flatMap(vector -> PostgresInstallation.find(places.cache(), platform, vector));
    if (ready.isPresent()) {
      return ready.get(); // the usual start writes nothing and needs no lock
    }
    // Only one process at a time prepares a cache.
    try (var lock =
        DirectoryLock.acquire(
            places.cache().resolve("lock"), Duration.ofMinutes(5), options.progress())) {
      lock.recordHolder("pid " + ProcessHandle.current().pid());
      return PostgresInstallation.findOrUnpack(
          places.cache(), platform, vector(options, caches, platform));
    }
  }

  private static VectorExtension vector(Options options, List<Path> caches, Platform platform) {
    if (options.vector() == Vector.SQL_FALLBACK) {
      return new VectorExtension.SqlFallback();
    }
    // The last attempt failed: a machine without a network does not retry for long at every start.
    boolean doneWithout =
        PostgresInstallation.find(caches.getFirst(), platform, new VectorExtension.SqlFallback())
            .isPresent();
    try {
      return PgvectorBuild.obtain(caches, platform, doneWithout ? 1 : 3, options.progress());
    } catch (PgvectorBuild.BuildFailedException e) {
      String line = "pgvector cannot be compiled here (" + e.getMessage() + ")";
      if (options.vector() == Vector.REQUIRE_PGVECTOR) {
        throw new EmbeddedPostgresException(line, e);
      }
      options
          .progress()
          .accept(
              line
                  + "; vectors are searched in plain SQL, which is exact but slow with many of them. A package of pgvector for PostgreSQL "
                  + PostgresInstallation.MAJOR
                  + " that is installed is used at the next start");
      return new VectorExtension.SqlFallback();
    }
  }
}
