package dev.threadmill.db;

import io.quarkus.arc.Unremovable;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.nio.file.Path;

/** Where this node keeps files. */
@Unremovable
@ConfigMapping(prefix = "threadmill.home")
public interface HomeConfig {
  /**
   * THREADMILL_HOME: the embedded PostgreSQL, uploads and caches. Absolute and writable, as checked
   * at the start.
   */
  @WithParentName
  @WithDefault("${user.home}/.threadmill")
  Path home();
}
