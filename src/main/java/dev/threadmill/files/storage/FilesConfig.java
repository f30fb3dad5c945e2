package dev.threadmill.files.storage;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Configuration of files. */
@ConfigMapping(prefix = "threadmill.files")
public interface FilesConfig {
  /**
   * THREADMILL_FILES: the folder of the blobs, which all nodes share. By default {@code files} in
   * THREADMILL_HOME.
   */
  Optional<Path> folder();

  /** The largest file that a client can create, in bytes. */
  @WithDefault("536870912")
  long maxBytes();

  /** What the files of a project may add up to, in bytes, unless its limits say otherwise. */
  @WithDefault("107374182400")
  long projectBytes();

  /** Whether this node removes expired files and blobs. Tests that count statements turn it off. */
  @WithDefault("true")
  boolean cleanup();

  /** How often a node looks for expired files and for blobs that others have left behind. */
  @WithDefault("1m")
  Duration cleanupInterval();
}
