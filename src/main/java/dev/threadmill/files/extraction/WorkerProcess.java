package dev.threadmill.files.extraction;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process that reads one document at a time, with a heap, a time and a folder of its own. */
final class WorkerProcess implements AutoCloseable {
  private static final String MAIN = "dev.threadmill.files.extraction.worker.ExtractionWorker";
  private static final int OUT_OF_MEMORY = 3;
  private static final int TIME_IS_OVER = 4;
  private static final int MOST_FILES = 200;
  private static final Duration MOST_CPU = Duration.ofMinutes(10);
  private static final long PICTURE_BYTES = 32 << 20;

  /** No file of more than 2 GB, no core dumps, and an end if the server does not end it. */
  private static final String LIMITS =
      "ulimit -f 4194304; ulimit -c 0; ulimit -t 1800; exec \"$@\"";

  private final Process process;
  private final Path folder;
  private final DataInputStream in;
  private final DataOutputStream out;
  private int files;

  /** A process that was ended may still be alive for a moment. */
  private volatile boolean closed;

  /** A picture in a document and the place of its block. */
  record Picture(int block, String mediaType, byte[] content) {}

  /** What a process made of a document. */
  record Result(
      String mediaType, List<Block> blocks, List<String> warnings, List<Picture> pictures) {}

  private WorkerProcess(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
  }

  static WorkerProcess start(ExtractionConfig config) throws IOException {
    var folder = Files.createTempDirectory("threadmill-extraction");
    var command = new ArrayList<String>();
    if (File.separatorChar == '/') {
      command.addAll(List.of("/bin/sh", "-c", LIMITS, "sh"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx" + config.heapMegabytes() + "m",
            "-Xss2m",
            "-XX:MaxMetaspaceSize=160m",
            "-XX:MaxDirectMemorySize=64m",
            "-Djdk.nio.maxCachedBufferSize=262144",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Djava.awt.headless=true",
            "-Djava.io.tmpdir=" + folder,
            "-Duser.home=" + folder,
            "-Dpdfbox.fontcache=" + folder,
            "-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory",
            "-Dorg.apache.logging.log4j.simplelog.level=OFF",
            "-cp",
            WorkerClassPath.find(),
            MAIN));
    try {
      var builder = new ProcessBuilder(command);
      builder.environment().clear();
      builder.environment().put("LANG", "C.UTF-8");
      builder.environment().put("HOME", folder.toString());
      builder.redirectError(ProcessBuilder.Redirect.DISCARD).directory(folder.toFile());
      return new WorkerProcess(builder.start(), folder);
    } catch (IOException e) {
      delete(folder);
      throw e;
    }
  }

  /** The process id. */
  long pid() {
    return process.pid();
  }

  /** Whether the process may read another file. */
  boolean isUsable() {
    return !closed
        && process.isAlive()
        && files < MOST_FILES
        && process.info().totalCpuDuration().orElse(Duration.ZERO).compareTo(MOST_CPU) < 0;
  }

  /** Reads a file. After any failure but that of a file that the process reported, it is ended. */
  Result read(Frames.Request request, Duration timeout)
      throws ExtractionException, InterruptedException {
    files++;
    var task = new FutureTask<>(() -> exchange(request));
    Thread.ofVirtual().name("extraction-" + pid()).start(task);
    try {
      return task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      close();
      throw tooSlow(timeout);
    } catch (InterruptedException e) {
      close();
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ReportedFailure reported) {
        throw reported.failure();
      }
      throw ended(e.getCause(), timeout);
    }
  }

  /** The process answered that the file cannot be read. */
  private static final class ReportedFailure extends Exception {
    ReportedFailure(ExtractionException failure) {
      super(failure);
    }

    ExtractionException failure() {
      return (ExtractionException) getCause();
    }
  }

  private static ExtractionException tooSlow(Duration timeout) {
    return ExtractionException.invalid(
        "Reading the file took longer than %d seconds, which is the limit."
            .formatted(timeout.toSeconds()));
  }

  private ExtractionException ended(Throwable cause, Duration timeout) throws InterruptedException {
    if (cause instanceof ExtractionException known) {
      close();
      return known;
    }
    boolean ended = process.waitFor(2, TimeUnit.SECONDS);
    int code = ended ? process.exitValue() : -1;
    close();
    return switch (code) {
      case OUT_OF_MEMORY ->
          ExtractionException.invalid("Reading the file needs more memory than is allowed.");
      case TIME_IS_OVER -> tooSlow(timeout);
      default ->
          ExtractionException.server(
              "The process that read the file ended unexpectedly.",
              new IOException("exit code " + code, cause));
    };
  }

  private Result exchange(Frames.Request request) throws Exception {
    request.write(out);
    var blocks = new BlockList(request.maxCharacters());
    var pictures = new ArrayList<Picture>();
    long pictureBytes = 0;
    while (true) {
      int type = in.readByte();
      switch (type) {
        case Frames.BLOCK -> blocks.accept(Frames.readBlock(in));
        case Frames.WARNING -> blocks.warn(Frames.readText(in));
        case Frames.PICTURE -> {
          in.readInt();
          var picture = new Picture(blocks.size(), Frames.readText(in), Frames.readBytes(in));
          pictureBytes += picture.content().length;
          if (pictureBytes <= PICTURE_BYTES && pictures.size() < request.maxPictures()) {
            pictures.add(picture);
          }
        }
        case Frames.END -> {
          var text = blocks.result(Frames.readText(in));
          return new Result(text.detectedType(), text.blocks(), text.warnings(), pictures);
        }
        case Frames.FAILURE -> {
          var code = ExtractionException.Code.valueOf(Frames.readText(in));
          throw new ReportedFailure(new ExtractionException(code, Frames.readText(in)));
        }
        default -> throw new IOException("unknown frame: " + type);
      }
    }
  }

  /** Ends the process and deletes its folder. */
  @Override
  public void close() {
    closed = true;
    process.destroyForcibly();
    delete(folder);
  }

  private static void delete(Path folder) {
    try (var paths = Files.walk(folder)) {
      for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | java.io.UncheckedIOException _) {
      // the system deletes temporary files some day
    }
  }
}
