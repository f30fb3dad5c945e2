package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.files.StoredFile;
import java.util.HashMap;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The body of {@code POST /v1/vector_stores/{vector_store_id}/file_batches}: either ids that share
 * their attributes and strategy, or files that each have their own.
 */
public record CreateFileBatch(
    List<String> fileIds, List<Entry> files, Attributes attributes, Chunking chunkingStrategy) {
  private static final int MAX_FILES = 2_000;

  public CreateFileBatch {
    fileIds = Bounds.list("file_ids", fileIds, MAX_FILES);
    files = Bounds.list("files", files, MAX_FILES);
    if (fileIds != null && files != null) {
      throw ApiException.invalid(
          "files", "Invalid 'files': cannot be given together with 'file_ids'.");
    }
    if (fileIds == null && files == null) {
      throw ApiException.missing("file_ids");
    }
    if (fileIds != null && fileIds.isEmpty() || files != null && files.isEmpty()) {
      var param = fileIds != null ? "file_ids" : "files";
      throw ApiException.invalid(
          param, "Invalid '%s': expected at least one file.".formatted(param));
    }
    if (files != null && (attributes != null || chunkingStrategy != null)) {
      var param = attributes != null ? "attributes" : "chunking_strategy";
      throw ApiException.invalid(
          param,
          "Invalid '%s': can only be given together with 'file_ids'; each of 'files' has its own."
              .formatted(param));
    }
  }

  /** A file with its attributes and strategy. */
  public record Entry(String fileId, Attributes attributes, Chunking chunkingStrategy) {
    public Entry {
      Bounds.required("file_id", fileId);
    }
  }

  /**
   * The files to be added, each once: of one that is named twice the first entry counts.
   *
   * @param lookup finds the files of ids; its first argument names the field
   */
  List<NewStoreFile> resolve(BiFunction<String, List<String>, List<StoredFile>> lookup) {
    if (fileIds != null) {
      var strategy = Chunking.strategyOf(chunkingStrategy);
      return lookup.apply("file_ids", fileIds).stream()
          .map(file -> new NewStoreFile(file, orEmpty(attributes), strategy))
          .toList();
    }
    var found = lookup.apply("files", files.stream().map(Entry::fileId).toList());
    var entries = new HashMap<String, Entry>();
    files.forEach(entry -> entries.putIfAbsent(entry.fileId(), entry));
    return found.stream()
        .map(
            file -> {
              var entry = entries.get(file.id().value());
              return new NewStoreFile(
                  file, orEmpty(entry.attributes()), Chunking.strategyOf(entry.chunkingStrategy()));
            })
        .toList();
  }

  private static Attributes orEmpty(Attributes attributes) {
    return attributes == null ? Attributes.EMPTY : attributes;
  }
}
