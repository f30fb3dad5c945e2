package dev.threadmill.imports;

import dev.threadmill.api.Json;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.AssistantObject;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.files.rest.FileObject;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.execution.StepObject;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadObject;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.vectorstores.StoreFiles;
import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.rest.StoreFileObject;
import dev.threadmill.vectorstores.rest.VectorStoreObject;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes everything that a project has as lines of JSON, page by page, so that one page at a time
 * is in memory. The last line counts the lines: without it the export is not whole.
 */
@ApplicationScoped
class ExportProject {
  private static final int PAGE = 50;
  private static final int PIECE = 768 * 1024;

  private final Assistants assistants;
  private final Files files;
  private final VectorStores stores;
  private final StoreFiles storeFiles;
  private final ThreadStore threads;
  private final MessageStore messages;
  private final RunStore runs;
  private final StepStore steps;

  ExportProject(
      Assistants assistants,
      Files files,
      VectorStores stores,
      StoreFiles storeFiles,
      ThreadStore threads,
      MessageStore messages,
      RunStore runs,
      StepStore steps) {
    this.assistants = assistants;
    this.files = files;
    this.stores = stores;
    this.storeFiles = storeFiles;
    this.threads = threads;
    this.messages = messages;
    this.runs = runs;
    this.steps = steps;
  }

  /** A page that begins after an id. */
  private interface Pages<T> {
    Page<T> after(PageRequest request);
  }

  private interface Each<T> {
    void write(T element) throws IOException;
  }

  private static final class Lines {
    private final OutputStream out;
    private final Map<String, Long> counts = new LinkedHashMap<>();

    Lines(OutputStream out) {
      this.out = out;
    }

    void write(String kind, Object object) throws IOException {
      out.write(Json.write(object).getBytes(StandardCharsets.UTF_8));
      out.write('\n');
      counts.merge(kind, 1L, Long::sum);
    }
  }

  /** Writes the objects of a project. */
  void write(ProjectId project, OutputStream out) throws IOException {
    var lines = new Lines(out);
    each(page -> files.list(project, null, page), file -> writeFile(lines, file));
    each(
        page -> stores.list(project, page),
        store -> {
          lines.write("vector_store", VectorStoreObject.of(store));
          each(
              page -> storeFiles.files(project, store.id(), null, page),
              file -> lines.write("vector_store.file", StoreFileObject.of(file)));
        });
    each(
        page -> assistants.list(project, page),
        assistant -> lines.write("assistant", AssistantObject.of(assistant)));
    each(
        page -> threads.list(project, null, Map.of(), page),
        thread -> {
          lines.write("thread", ThreadObject.of(thread));
          writeThread(lines, project, thread.id());
        });
    var end = new LinkedHashMap<String, Object>();
    end.put("object", "export.end");
    end.put("counts", lines.counts);
    out.write(Json.write(end).getBytes(StandardCharsets.UTF_8));
    out.write('\n');
  }

  private void writeThread(Lines lines, ProjectId project, ThreadId thread) throws IOException {
    each(
        page -> messages.list(project, thread, null, page),
        message -> lines.write("thread.message", MessageObject.of(message)));
    each(
        page -> runs.list(project, thread, page),
        run -> {
          lines.write("thread.run", RunObject.of(run, List.of()));
          each(
              page -> steps.list(project, thread, run.id(), page),
              step -> lines.write("thread.run.step", StepObject.of(step)));
        });
  }

  private void writeFile(Lines lines, StoredFile file) throws IOException {
    lines.write("file", FileObject.of(file));
    try (var content = files.open(file)) {
      long offset = 0;
      for (var piece = content.readNBytes(PIECE);
          piece.length > 0;
          piece = content.readNBytes(PIECE)) {
        var object = new LinkedHashMap<String, Object>();
        object.put("object", "file.content");
        object.put("file_id", file.id().value());
        object.put("offset", offset);
        object.put("data", Base64.getEncoder().encodeToString(piece));
        lines.write("file.content", object);
        offset += piece.length;
      }
    }
  }

  private static <T> void each(Pages<T> pages, Each<T> each) throws IOException {
    String after = null;
    Page<T> page;
    do {
      page = pages.after(PageRequest.of(PAGE, "asc", after, null));
      for (var element : page.data()) {
        each.write(element);
      }
      after = page.lastId();
    } while (page.hasMore() && after != null);
  }
}
