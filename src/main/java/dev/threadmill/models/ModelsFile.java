package dev.threadmill.models;

import java.util.List;
import java.util.Optional;

/** The models file, read. */
record ModelsFile(String path, List<Described> models) {
  static final ModelsFile NONE = new ModelsFile("none", List.of());

  /** One model of the file. */
  record Described(ModelInfo info, String nameAtProvider, ProviderSettings provider) {}

  static ModelsFile read(String path) {
    throw new ModelsFileException(path, "cannot be read");
  }

  Optional<Described> find(String name) {
    return models.stream().filter(model -> model.info().name().equals(name)).findFirst();
  }
}
