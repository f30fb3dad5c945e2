package dev.threadmill.sandbox;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Where the code of models runs, and its limits. */
@ConfigMapping(prefix = "threadmill.sandbox")
public interface SandboxConfig {
  /** THREADMILL_SANDBOX: {@code bubblewrap}, {@code container} or {@code off}. */
  @WithDefault("bubblewrap")
  String kind();

  /** THREADMILL_SANDBOX_BWRAP: the program of bubblewrap, if it is not on the PATH. */
  Optional<String> bwrap();

  /**
   * THREADMILL_SANDBOX_PYTHON: the Python to use. Otherwise the one that {@code ./threadmill
   * sandbox install} made, or that of the system.
   */
  Optional<String> python();

  /** THREADMILL_SANDBOX_CONTAINER_COMMAND: the program that starts containers. */
  @WithDefault("docker")
  String containerCommand();

  /** THREADMILL_SANDBOX_CONTAINER_IMAGE: an image with Python 3, for {@code container}. */
  @WithDefault("python:3.12-slim")
  String containerImage();

  /** THREADMILL_SANDBOX_CONTAINER_RUNTIME: the OCI runtime, such as {@code runsc}. */
  Optional<String> containerRuntime();

  /**
   * THREADMILL_SANDBOX_FIRST_UID: if the server is root, sessions run as the users with this number
   * and the ones above, one for each session of the node.
   */
  @WithDefault("1890000000")
  int firstUid();

  /** THREADMILL_SANDBOX_TIMEOUT: how long one call may take. */
  @WithDefault("120s")
  Duration timeout();

  /** THREADMILL_SANDBOX_GRACE: how long code may take to react to an interrupt. */
  @WithDefault("3s")
  Duration grace();

  /** THREADMILL_SANDBOX_IDLE: after how long without a call a session ends. */
  @WithDefault("1h")
  Duration idle();

  /** THREADMILL_SANDBOX_MEMORY_MB: the memory of a session, in MiB. */
  @WithDefault("1024")
  int memoryMb();

  /** THREADMILL_SANDBOX_DISK_MB: the space of a session's files, in MiB. */
  @WithDefault("1024")
  int diskMb();

  /** THREADMILL_SANDBOX_FILES: how many files and folders a session may have. */
  @WithDefault("10000")
  int files();

  /** THREADMILL_SANDBOX_PROCESSES: how many processes and threads a session may have. */
  @WithDefault("64")
  int processes();

  /** THREADMILL_SANDBOX_OUTPUT: how many characters of a call's output are kept. */
  @WithDefault("65536")
  int output();

  /** THREADMILL_SANDBOX_SESSIONS: how many sessions a node keeps. */
  @WithDefault("16")
  int sessions();

  /** THREADMILL_SANDBOX_CALLS: how many calls a node executes at a time. */
  @WithDefault("4")
  int calls();

  /** THREADMILL_SANDBOX_WAITING: how many calls of one project may wait for others to end. */
  @WithDefault("32")
  int waiting();
}
