package dev.threadmill.models.embeddings;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jboss.logging.Logger;

/**
 * Keeps built-in models in a folder as ONNX Runtime has optimized them. Loading one from there
 * takes a fifth of the time that it takes to unpack and optimize it. The files can be deleted at
 * any time.
 */
final class ModelCache {
  private static final Logger LOG = Logger.getLogger(ModelCache.class);

  private final Path folder;

  /**
   * @param folder null to keep nothing
   */
  ModelCache(Path folder) {
    this.folder = folder;
  }

  /** Opens the weights that come along. */
  interface Weights {
    InputStream open() throws IOException;
  }

  /**
   * A session of a model. It uses one thread for a call.
   *
   * @param name identifies the weights
   */
  OrtSession session(OrtEnvironment environment, String name, Weights weights)
      throws OrtException, IOException {
    var kept = folder == null ? null : file(environment, name);
    if (kept != null && Files.isRegularFile(kept)) {
      try (var options = options(OptLevel.NO_OPT)) {
        return environment.createSession(kept.toString(), options);
      } catch (OrtException e) {
        LOG.warnf("model_cache=unusable file=%s reason=%s", kept, e.getMessage());
      }
    }
    var written = kept == null ? null : beside(kept);
    try (var onnx = weights.open();
        var options = options(OptLevel.EXTENDED_OPT)) {
      if (written != null) {
        options.setOptimizedModelFilePath(written.toString());
      }
      var session = environment.createSession(onnx.readAllBytes(), options);
      if (written != null) {
        move(written, kept);
      }
      return session;
    } finally {
      delete(written);
    }
  }

  /** The form depends on the version of ONNX Runtime and the kind of processor. */
  private Path file(OrtEnvironment environment, String name) {
    return folder.resolve(
        "%s-%s-%s.onnx".formatted(name, environment.getVersion(), System.getProperty("os.arch")));
  }

  private static OrtSession.SessionOptions options(OptLevel level) throws OrtException {
    var options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(level);
    return options;
  }

  /** A new file in the folder; null if it cannot be written to. */
  private static Path beside(Path kept) {
    try {
      Files.createDirectories(kept.getParent());
      return Files.createTempFile(kept.getParent(), "model-", ".tmp");
    } catch (IOException e) {
      LOG.debugf(e, "model_cache=not_written folder=%s", kept.getParent());
      return null;
    }
  }

  /** Other processes may load or write the same file: each sees a whole one. */
  private static void move(Path written, Path kept) {
    try {
      Files.move(
          written, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debugf(e, "model_cache=not_written file=%s", kept);
    }
  }

  private static void delete(Path written) {
    try {
      if (written != null) {
        Files.deleteIfExists(written);
      }
    } catch (IOException e) {
      LOG.debugf(e, "model_cache=not_deleted file=%s", written);
    }
  }
}
