package dev.threadmill.models.embeddings;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jboss.logging.Logger;

/**
 * A reference to the native environment of ONNX Runtime, which counts its references. ONNX Runtime
 * releases its own one in a shutdown hook, at the same time as the server stops: without a second
 * reference a session that is being created or used then would crash the process.
 */
final class OnnxEnvironmentReference implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OnnxEnvironmentReference.class);
  private static final String NAME = "threadmill";

  private final long apiHandle;
  private final long environment;
  private final Method release;

  private OnnxEnvironmentReference(long apiHandle, long environment, Method release) {
    this.apiHandle = apiHandle;
    this.environment = environment;
    this.release = release;
  }

  /**
   * Takes a reference, before the first use of {@link OrtEnvironment#getEnvironment}. The methods
   * for it are not public. If a version of ONNX Runtime lacks them, the result is null, and the
   * process is as unprotected as other users of the library.
   */
  static OnnxEnvironmentReference take() {
    try {
      // Loads the native library.
      Class.forName(OrtEnvironment.class.getName());
      var create =
          OrtEnvironment.class.getDeclaredMethod(
              "createHandle", long.class, int.class, String.class);
      var release = OrtEnvironment.class.getDeclaredMethod("close", long.class, long.class);
      var api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
      create.setAccessible(true);
      release.setAccessible(true);
      api.setAccessible(true);
      long apiHandle = api.getLong(null);
      long environment =
          (long)
              create.invoke(
                  null, apiHandle, OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING.getValue(), NAME);
      return new OnnxEnvironmentReference(apiHandle, environment, release);
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debugf(e, "onnx_environment=not_referenced");
      return null;
    }
  }

  @Override
  public void close() {
    try {
      release.invoke(null, apiHandle, environment);
    } catch (IllegalAccessException | InvocationTargetException e) {
      LOG.debugf(e, "onnx_environment=not_released");
    }
  }
}
