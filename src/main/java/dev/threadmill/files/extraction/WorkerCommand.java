package dev.threadmill.files.extraction;

import dev.threadmill.sandbox.CagedProcesses;
import dev.threadmill.sandbox.ProgramCage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The command of a process that reads documents.
 *
 * @param folder of the process, which it may change
 * @param cage in which it is started; null for none
 */
record WorkerCommand(ExtractionConfig config, Path folder, ProgramCage cage) {
  private static final String MAIN = "dev.threadmill.files.extraction.worker.ExtractionWorker";

  /** No file of more than 2 GB, no core dumps, and an end if the server does not end it. */
  private static final String LIMITS =
      "ulimit -f 4194304; ulimit -c 0; ulimit -t 1800; exec \"$@\"";

  Process start() throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    if (File.separatorChar == '/') {
      command.addAll(List.of("/bin/sh", "-c", LIMITS, "sh"));
    }
    var variables = List.of("LANG", "C.UTF-8", "HOME", folder.toString());
    if (cage == null) {
      command.addAll(java());
    } else {
      cage.own(folder);
      command.addAll(cage.command(folder, readable(), variables, java()));
    }
    var builder = new ProcessBuilder(command);
    builder.environment().clear();
    for (int i = 0; i < variables.size(); i += 2) {
      builder.environment().put(variables.get(i), variables.get(i + 1));
    }
    return CagedProcesses.start(
        builder.redirectError(ProcessBuilder.Redirect.DISCARD).directory(folder.toFile()));
  }

  private List<String> java() {
    return List.of(
        javaHome().resolve("bin/java").toString(),
        "-Xmx" + config.heapMegabytes() + "m",
        "-Xss2m",
        "-XX:MaxMetaspaceSize=160m",
        "-XX:MaxDirectMemorySize=64m",
        "-Djdk.nio.maxCachedBufferSize=262144",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-Xshare:auto",
        "-Djava.awt.headless=true",
        "-Djava.io.tmpdir=" + folder,
        "-Duser.home=" + folder,
        "-Dpdfbox.fontcache=" + folder,
        "-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory",
        "-Dorg.apache.logging.log4j.simplelog.level=OFF",
        "-cp",
        WorkerClassPath.find(),
        MAIN);
  }

  private static Path javaHome() {
    return Path.of(System.getProperty("java.home"));
  }

  /** The virtual machine with its settings, and the class path. */
  private static List<Path> readable() throws IOException {
    var paths = new ArrayList<Path>();
    var home = javaHome().toRealPath();
    paths.add(javaHome());
    paths.add(home);
    try (Stream<Path> settings = Files.list(Path.of("/etc"))) {
      settings
          .filter(each -> each.getFileName().toString().startsWith("java-"))
          .forEach(paths::add);
    }
    Arrays.stream(WorkerClassPath.find().split(File.pathSeparator))
        .map(entry -> entry.endsWith("/*") ? entry.substring(0, entry.length() - 2) : entry)
        .map(Path::of)
        .forEach(paths::add);
    // The cage shows these folders already.
    return paths.stream()
        .distinct()
        .filter(path -> !path.startsWith("/usr/lib") && !path.startsWith("/usr/share"))
        .toList();
  }
}
