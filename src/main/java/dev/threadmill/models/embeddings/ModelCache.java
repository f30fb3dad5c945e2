package dev.threadmill.models.embeddings;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.zip.CRC32;
import org.jboss.logging.Logger;

/**
 * Keeps built-in models in a folder as ONNX Runtime has optimized them. Loading one from there
 * takes a fifth of the time that it takes to unpack and optimize it. The files can be deleted at
 * any time.
 */
final class ModelCache {
  private static final Logger LOG = Logger.getLogger(ModelCache.class);
  private static final String PREFIX = "model-";
  private static final String SUFFIX = ".tmp";

  /** Writing a model takes seconds. */
  private static final Duration ABANDONED_AFTER = Duration.ofHours(1);

  private final Path folder;
  private final NewFiles newFiles;

  /**
   * @param folder null to keep nothing
   */
  ModelCache(Path folder) {
    this(folder, in -> Files.createTempFile(in, PREFIX, SUFFIX));
  }

  /**
   * @param newFiles creates the files that models are written to before they have their names
   */
  ModelCache(Path folder, NewFiles newFiles) {
    this.folder = folder;
    this.newFiles = newFiles;
  }

  /** Creates a file in a folder. */
  interface NewFiles {
    Path in(Path folder) throws IOException;
  }

  /**
   * A session of a model. It uses one thread for a call.
   *
   * @param weights that come along
   */
  OrtSession session(OrtEnvironment environment, String name, URL weights)
      throws OrtException, IOException {
    var kept = folder == null ? null : file(environment, name, weights);
    if (kept != null && Files.isRegularFile(kept)) {
      try (var options = options(OptLevel.NO_OPT)) {
        return environment.createSession(kept.toString(), options);
      } catch (OrtException e) {
        LOG.warnf("model_cache=unusable file=%s reason=%s", kept, e.getMessage());
      }
    }
    byte[] onnx;
    try (var stream = weights.openStream()) {
      onnx = stream.readAllBytes();
    }
    var written = kept == null ? null : newFile();
    if (written != null) {
      try (var options = options(OptLevel.EXTENDED_OPT)) {
        options.setOptimizedModelFilePath(written.toString());
        var session = environment.createSession(onnx, options);
        move(written, kept);
        return session;
      } catch (OrtException e) {
        // The disk may be full; the model can be used without the file.
        LOG.warnf("model_cache=not_written file=%s reason=%s", kept, e.getMessage());
      } finally {
        delete(written);
      }
    }
    try (var options = options(OptLevel.EXTENDED_OPT)) {
      return environment.createSession(onnx, options);
    }
  }

  /** The form depends on the weights, the version of ONNX Runtime and the kind of processor. */
  private Path file(OrtEnvironment environment, String name, URL weights) throws IOException {
    return folder.resolve(
        "%s-%s-%s-%s.onnx"
            .formatted(
                name, checksum(weights), environment.getVersion(), System.getProperty("os.arch")));
  }

  /** The checksum and the size that the archive states, since reading the weights takes long. */
  private static String checksum(URL weights) throws IOException {
    var connection = weights.openConnection();
    connection.setUseCaches(false);
    if (connection instanceof JarURLConnection jar) {
      try (var _ = jar.getJarFile()) {
        var entry = jar.getJarEntry();
        return "%08x-%d".formatted(entry.getCrc(), entry.getSize());
      }
    }
    try (var stream = connection.getInputStream()) {
      var crc = new CRC32();
      var buffer = new byte[65_536];
      long size = 0;
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        crc.update(buffer, 0, read);
        size += read;
      }
      return "%08x-%d".formatted(crc.getValue(), size);
    }
  }

  private static OrtSession.SessionOptions options(OptLevel level) throws OrtException {
    var options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(level);
    return options;
  }

  /** A new file in the folder; null if it cannot be written to. */
  private Path newFile() {
    try {
      Files.createDirectories(folder);
      deleteAbandoned(folder);
      return newFiles.in(folder);
    } catch (IOException e) {
      LOG.debugf(e, "model_cache=not_written folder=%s", folder);
      return null;
    }
  }

  /** Deletes what processes have left behind that ended while they wrote. */
  private static void deleteAbandoned(Path folder) throws IOException {
    var before = FileTime.from(Instant.now().minus(ABANDONED_AFTER));
    try (var files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
      for (var file : files) {
        if (Files.getLastModifiedTime(file).compareTo(before) < 0) {
          Files.deleteIfExists(file);
        }
      }
    } catch (NoSuchFileException | DirectoryIteratorException e) {
      // Another process deletes the same.
      LOG.debugf(e, "model_cache=not_deleted folder=%s", folder);
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
