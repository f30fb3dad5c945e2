package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.Frames;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Timer;
import java.util.TimerTask;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.poi.openxml4j.util.ZipSecureFile;
import org.apache.poi.util.IOUtils;

/**
 * The main class of the process that reads documents. Requests arrive on the standard input, blocks
 * leave on the standard output; the process ends with its input.
 */
public final class ExtractionWorker {
  /** The exit code of a process that needs more memory, as the virtual machine has it. */
  private static final int OUT_OF_MEMORY = 3;

  /** The exit code of a process whose time is over. */
  private static final int TIME_IS_OVER = 4;

  private static final int LARGEST_PART = 100 << 20;

  private ExtractionWorker() {}

  /** Reads files until the input ends. */
  public static void main(String[] args) throws IOException {
    var in = new DataInputStream(new BufferedInputStream(System.in));
    var out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
    System.setOut(System.err); // whatever a library prints must not mix with the frames
    Logger.getLogger("").setLevel(Level.OFF);
    setLimits();

    var timer = new Timer(true);
    for (var request = Frames.Request.read(in);
        request != null;
        request = Frames.Request.read(in)) {
      var end = endLater(timer, request.millis());
      read(request, out);
      end.cancel();
      out.flush();
    }
  }

  private static void setLimits() {
    IOUtils.setByteArrayMaxOverride(LARGEST_PART);
    ZipSecureFile.setMaxEntrySize(4L * LARGEST_PART);
    ZipSecureFile.setMaxTextSize(LARGEST_PART);
    ZipSecureFile.setMaxFileCount(20_000);
    ZipSecureFile.setMinInflateRatio(0.002);
  }

  private static TimerTask endLater(Timer timer, long millis) {
    var task =
        new TimerTask() {
          @Override
          public void run() {
            Runtime.getRuntime().halt(TIME_IS_OVER);
          }
        };
    timer.schedule(task, millis);
    return task;
  }

  private static void read(Frames.Request request, DataOutputStream out) throws IOException {
    try {
      var sink = new FrameSink(out, request.maxCharacters(), request.maxPictures());
      var type =
          new ReadDocument(sink)
              .read(Path.of(request.path()), request.filename(), request.contentType());
      out.writeByte(Frames.END);
      Frames.writeText(out, type);
    } catch (FrameSink.OutputFailure e) {
      throw e.cause();
    } catch (ExtractionException e) {
      fail(out, e);
    } catch (OutOfMemoryError _) {
      // the virtual machine ends itself for its heap, but not when a library counts memory
      Runtime.getRuntime().halt(OUT_OF_MEMORY);
    } catch (Exception | StackOverflowError | LinkageError e) {
      fail(out, Failures.of(e));
    }
  }

  private static void fail(DataOutputStream out, ExtractionException e) throws IOException {
    out.writeByte(Frames.FAILURE);
    Frames.writeText(out, e.code().name());
    Frames.writeText(out, e.getMessage());
  }
}
