package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * Starts programs of the server itself, such as the one that reads documents, where they reach
 * nothing but a folder of their own and what they are made of.
 */
public final class ProgramCage {
  /** Beyond the users of sessions. */
  private static final int FIRST_PLACE = 100_000;

  private final String program;
  private final SandboxFiles files;
  private final boolean isRoot;
  private final int user;

  private ProgramCage(String program, SandboxFiles files, boolean isRoot, int user) {
    this.program = program;
    this.files = files;
    this.isRoot = isRoot;
    this.user = user;
  }

  /** A cage, or why there is none. */
  public sealed interface Found {
    /** A cage that works on this machine. */
    record Usable(ProgramCage cage) implements Found {}

    /**
     * No program can be caged on this machine.
     *
     * @param why one line with the remedy
     */
    record Unusable(String why) implements Found {}
  }

  /**
   * Looks for bubblewrap and starts a program in a cage to see that it works, which takes some ten
   * milliseconds.
   *
   * @param home the folder of the server
   */
  public static Found find(SandboxConfig config, Path home) {
    try {
      boolean isRoot = Cages.serverUser() == 0;
      var program = config.bwrap().orElse("bwrap");
      var missing = Bubblewrap.missingPrograms(program, isRoot);
      if (missing != null) {
        return new Found.Unusable(missing);
      }
      var files = SandboxFiles.write(home.resolve("sandbox"), config.firstUid());
      var cage = new ProgramCage(program, files, isRoot, config.firstUid() + FIRST_PLACE);
      var test = new CageCommand(program, files, isRoot).run("/", cage.user, List.of("/bin/true"));
      var failure = Programs.failure(test);
      return failure == null
          ? new Found.Usable(cage)
          : new Found.Unusable("bubblewrap does not start: " + failure);
    } catch (IOException e) {
      return new Found.Unusable("the folder of the sandbox cannot be written: " + e.getMessage());
    }
  }

  /** Makes the program in the cage the owner of a folder. */
  public void own(Path folder) throws IOException {
    if (isRoot) {
      Files.setAttribute(folder, "unix:uid", user, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(folder, "unix:gid", user, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /**
   * The command that starts a program in the cage, with an empty environment but for the variables.
   *
   * @param folder that it may change, under the same path inside
   * @param readable files and folders that it may read, under the same paths inside
   * @param variables of its environment, name and value in turn
   * @param command the program and its arguments
   */
  public List<String> command(
      Path folder, List<Path> readable, List<String> variables, List<String> command) {
    var cage = new CageCommand(program, files, isRoot);
    cage.writable(folder.toString(), folder.toString());
    for (var each : readable) {
      cage.readOnly(each.toString(), each.toString());
    }
    cage.clearEnvironment();
    for (int i = 0; i < variables.size(); i += 2) {
      cage.setenv(variables.get(i), variables.get(i + 1));
    }
    return cage.run("/", user, command);
  }
}
