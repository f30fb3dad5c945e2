package dev.threadmill.files.storage;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Configuration of files. */
@ConfigMapping(prefix = "threadmill.files")
public interface FilesConfig {
  /**
   * THREADMILL_FILES: the folder of the blobs, which all nodes share. By default {@code files} in
   * THREADMILL_HOME.
   */
  Optional<Path> folder();

  /** The bucket that has the blobs in place of a folder. */
  S3 s3();

  /** A bucket that speaks the protocol of S3. All but the name of the bucket have defaults. */
  interface S3 {
    /** THREADMILL_FILES_S3_BUCKET: its name. Without one, blobs are in the folder. */
    Optional<String> bucket();

    /** The address of a service other than Amazon's, such as {@code https://minio:9000}. */
    Optional<String> endpoint();

    /** The region of the bucket. */
    @WithDefault("us-east-1")
    String region();

    /** The key to the bucket; without one, what the environment of Amazon's SDK says. */
    Optional<String> accessKey();

    /** The secret of the key. */
    Optional<String> secretKey();

    /** Before the keys of blobs, such as {@code threadmill/}. */
    Optional<String> prefix();
  }

  /** The largest file that a client can create, in bytes. */
  @WithDefault("536870912")
  long maxBytes();

  /** What the files of a project may add up to, in bytes, unless its limits say otherwise. */
  @WithDefault("107374182400")
  long projectBytes();

  /** What a node keeps as local copies that are not in use, in bytes, if blobs are in a bucket. */
  @WithDefault("2147483648")
  long localCopyBytes();

  /** Whether this node removes expired files and blobs. Tests that count statements turn it off. */
  @WithDefault("true")
  boolean cleanup();

  /** How often a node looks for expired files and for blobs that others have left behind. */
  @WithDefault("1m")
  Duration cleanupInterval();
}
