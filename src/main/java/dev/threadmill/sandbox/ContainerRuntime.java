package dev.threadmill.sandbox;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Runs each session in a container of Docker or Podman, by their command line: without network, on
 * a read-only image, without capabilities. With an OCI runtime such as {@code runsc} the code does
 * not reach the kernel of this machine.
 */
final class ContainerRuntime implements CageRuntime {
  private static final Logger LOG = Logger.getLogger(ContainerRuntime.class);
  private static final int PATIENCE_SECONDS = 20;
  private static final int NOFILE = 128;

  /** Users that images do not have. */
  private static final int USER_OF_OTHERS = 10_001;

  private final SandboxConfig config;
  private final SandboxFiles files;
  private final boolean isRoot;
  private final int serverUser;

  /**
   * @param serverUser the number of the user that the server runs as
   */
  ContainerRuntime(SandboxConfig config, SandboxFiles files, boolean isRoot, int serverUser) {
    this.config = config;
    this.files = files;
    this.isRoot = isRoot;
    this.serverUser = serverUser;
  }

  @Override
  public String name() {
    return "container (%s, %s%s)"
        .formatted(
            config.containerCommand(),
            config.containerImage(),
            config.containerRuntime().map(runtime -> ", " + runtime).orElse(""));
  }

  @Override
  public String missing() {
    return Programs.exists(config.containerCommand())
        ? null
        : "there is no program '%s'; install it, or set THREADMILL_SANDBOX_CONTAINER_COMMAND"
            .formatted(config.containerCommand());
  }

  @Override
  public int owner(int place) {
    return isRoot ? USER_OF_OTHERS + place : -1;
  }

  @Override
  public List<String> command(Cage cage) {
    var folder = cage.folder();
    int user = folder.owner() >= 0 ? folder.owner() : serverUser;
    var command = new ArrayList<String>();
    command.addAll(List.of(config.containerCommand(), "run", "--rm", "--interactive", "--init"));
    command.addAll(List.of("--name", cage.name(), "--label", "threadmill=sandbox"));
    config.containerRuntime().ifPresent(each -> command.addAll(List.of("--runtime", each)));
    command.addAll(List.of("--pull", "missing", "--network", "none", "--read-only"));
    command.addAll(List.of("--cap-drop", "ALL", "--security-opt", "no-new-privileges"));
    command.addAll(List.of("--ipc", "private", "--user", user + ":" + user));
    command.addAll(List.of("--hostname", "sandbox", "--workdir", "/mnt/data"));
    var memory = config.memoryMb() + "m";
    command.addAll(List.of("--memory", memory, "--memory-swap", memory));
    command.addAll(List.of("--pids-limit", Integer.toString(config.processes())));
    command.addAll(List.of("--ulimit", "core=0", "--ulimit", "nofile=" + NOFILE));
    command.addAll(List.of("--ulimit", "fsize=" + config.diskMb() * 1024L * 1024));
    mount(command, folder.data().toString(), "/mnt/data", false);
    mount(command, folder.figures().toString(), "/mnt/figures", false);
    mount(command, folder.tmp().toString(), "/tmp", false);
    mount(command, files.drivers().toString(), SandboxFiles.DRIVERS, true);
    new Python("/usr/local/bin/python3", List.of())
        .environment()
        .forEach((name, value) -> command.addAll(List.of("--env", name + "=" + value)));
    command.addAll(List.of("--entrypoint", "python3", config.containerImage()));
    command.addAll(List.of("-I", "-B", "-u", SandboxFiles.DRIVER));
    return command;
  }

  private static void mount(List<String> command, String from, String to, boolean isReadOnly) {
    command.add("--mount");
    command.add(
        "type=bind,source=%s,target=%s%s".formatted(from, to, isReadOnly ? ",readonly" : ""));
  }

  @Override
  public String explain(String errors) {
    return "%s does not start a container of %s: %s"
        .formatted(config.containerCommand(), config.containerImage(), Programs.oneLine(errors));
  }

  @Override
  public void interrupt(Process process, Cage cage) {
    control("kill", "--signal", "INT", cage.name());
  }

  @Override
  public boolean freeze(Process process, Cage cage) {
    return control("pause", cage.name());
  }

  @Override
  public void thaw(Process process, Cage cage) {
    control("unpause", cage.name());
  }

  @Override
  public void kill(Process process, Cage cage) {
    control("rm", "--force", cage.name());
    process.destroyForcibly();
  }

  /** The engine limits memory itself; how much was written is known from the files only. */
  @Override
  public Usage usage(Process process, Cage cage, long memoryLimit) {
    return new Usage(0, 0);
  }

  private boolean control(String... arguments) {
    var command = new ArrayList<String>(List.of(config.containerCommand()));
    command.addAll(List.of(arguments));
    try {
      var process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        LOG.warnf("container engine does not answer command=%s", arguments[0]);
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      LOG.warnf("container engine failed command=%s cause=%s", arguments[0], e.getMessage());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
