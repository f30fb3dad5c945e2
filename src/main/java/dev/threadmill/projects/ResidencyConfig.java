package dev.threadmill.projects;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Where this server keeps data. All nodes on one database should have the same. */
@ConfigMapping(prefix = "threadmill.residency")
public interface ResidencyConfig {
  /**
   * THREADMILL_REGION: the region of the server, its database, its files and the models within its
   * process, such as {@code eu}. Not known unless set.
   */
  Optional<String> region();
}
