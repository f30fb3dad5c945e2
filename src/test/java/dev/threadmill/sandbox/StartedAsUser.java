package dev.threadmill.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Bubblewrap as an ordinary user starts it, in a test that runs as root. */
record StartedAsUser(int user, Path home, CageRuntime runtime) implements CageRuntime {
  @Override
  public String name() {
    return runtime.name();
  }

  @Override
  public String missing() {
    return runtime.missing();
  }

  @Override
  public int owner(int place) {
    return user;
  }

  @Override
  public List<String> command(Cage cage) {
    try {
      var root = cage.folder().root();
      Files.setAttribute(root, "unix:uid", user);
      for (var parent = root.getParent(); parent.startsWith(home); parent = parent.getParent()) {
        Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var command = new ArrayList<String>();
    var number = Integer.toString(user);
    command.addAll(List.of("setpriv", "--reuid", number, "--regid", number, "--clear-groups"));
    command.addAll(List.of("--inh-caps=-all", "--"));
    command.addAll(runtime.command(cage));
    return command;
  }

  @Override
  public String explain(String errors) {
    return runtime.explain(errors);
  }

  @Override
  public void interrupt(Process process, Cage cage) {
    runtime.interrupt(process, cage);
  }

  @Override
  public boolean freeze(Process process, Cage cage) {
    return runtime.freeze(process, cage);
  }

  @Override
  public void thaw(Process process, Cage cage) {
    runtime.thaw(process, cage);
  }

  @Override
  public void kill(Process process, Cage cage) {
    runtime.kill(process, cage);
  }

  @Override
  public Usage usage(Process process, Cage cage, long memoryLimit) {
    return runtime.usage(process, cage, memoryLimit);
  }
}
