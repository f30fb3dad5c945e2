package dev.threadmill.models.registry;

/** A setting of the models is wrong, which stops the start. The message is one line. */
public class ModelsFileException extends RuntimeException {
  public ModelsFileException(String file, String field, String problem) {
    super("%s: %s: %s".formatted(file, field, problem));
  }

  public ModelsFileException(String file, String problem) {
    super("%s: %s".formatted(file, problem));
  }
}
