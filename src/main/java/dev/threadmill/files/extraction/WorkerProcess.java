package dev.threadmill.files.extraction;

import dev.threadmill.sandbox.ProgramCage;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A process that reads one document at a time, with a heap, a time and a folder of its own. */
final class WorkerProcess implements AutoCloseable {
  private static final int OUT_OF_MEMORY = 3;
  private static final int TIME_IS_OVER = 4;
  private static final int MOST_FILES = 200;
  private static final Duration MOST_CPU = Duration.ofMinutes(10);
  private static final long PICTURE_BYTES = 32 << 20;

  private final Process process;
  private final Path folder;
  private final boolean isCaged;
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

  private WorkerProcess(Process process, Path folder, boolean isCaged) {
    this.process = process;
    this.folder = folder;
    this.isCaged = isCaged;
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
  }

  /**
   * Starts a process.
   *
   * @param cage in which it is started; null for none
   */
  static WorkerProcess start(ExtractionConfig config, ProgramCage cage)
      throws IOException, InterruptedException {
    var folder = Files.createTempDirectory("threadmill-extraction");
    try {
      var process = new WorkerCommand(config, folder, cage).start();
      return new WorkerProcess(process, folder, cage != null);
    } catch (IOException | InterruptedException e) {
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
    return !closed && process.isAlive() && files < MOST_FILES && cpu().compareTo(MOST_CPU) < 0;
  }

  /** Of the process; in a cage it is below the program that makes the cage. */
  private Duration cpu() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants())
        .map(each -> each.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** Reads a file. After any failure but that of a file that the process reported, it is ended. */
  Result read(Frames.Request request, Duration timeout)
      throws ExtractionException, InterruptedException {
    files++;
    var task = new FutureTask<>(() -> isCaged ? exchangeCopy(request) : exchange(request));
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

  /** A process in a cage sees no file but those in its folder. */
  private Result exchangeCopy(Frames.Request request) throws Exception {
    var copy = folder.resolve("document");
    try {
      Files.copy(Path.of(request.path()), copy, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("r--r--r--"));
      return exchange(request.withPath(copy.toString()));
    } finally {
      Files.deleteIfExists(copy);
    }
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
