package dev.threadmill.tools.code;

import dev.threadmill.api.FileId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.tools.ToolContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The files that clients give to the code of a run: those of its assistant and of its thread. */
@ApplicationScoped
class InputFiles {
  private final ThreadStore threads;
  private final Assistants assistants;
  private final Files files;

  InputFiles(ThreadStore threads, Assistants assistants, Files files) {
    this.threads = threads;
    this.assistants = assistants;
    this.files = files;
  }

  /** The files, those of the assistant first. Files that were deleted are left out. */
  List<StoredFile> of(ToolContext context) {
    var ids = new LinkedHashSet<FileId>();
    if (context.assistant() != null) {
      assistants
          .find(context.project(), context.assistant())
          .ifPresent(assistant -> add(assistant.toolResources(), ids));
    }
    threads
        .find(context.project(), context.thread())
        .ifPresent(thread -> add(thread.toolResources(), ids));
    Map<FileId, StoredFile> found =
        files.findAll(context.project(), ids).stream()
            .collect(Collectors.toMap(StoredFile::id, Function.identity()));
    return ids.stream().filter(found::containsKey).map(found::get).toList();
  }

  private static void add(ToolResources resources, Set<FileId> ids) {
    if (resources != null
        && resources.codeInterpreter() != null
        && resources.codeInterpreter().fileIds() != null) {
      resources.codeInterpreter().fileIds().forEach(id -> ids.add(new FileId(id)));
    }
  }

  /** A name for a file that none of these has: numbered if it is taken. */
  static String freePath(String filename, Set<String> taken) {
    var name = filename.startsWith(".") ? "file" + filename : filename;
    if (!taken.contains(name)) {
      return name;
    }
    int dot = name.lastIndexOf('.');
    var stem = dot > 0 ? name.substring(0, dot) : name;
    var extension = dot > 0 ? name.substring(dot) : "";
    for (int number = 2; ; number++) {
      var numbered = "%s (%d)%s".formatted(stem, number, extension);
      if (!taken.contains(numbered)) {
        return numbered;
      }
    }
  }

  /** The paths of these and those of the folders above them, which no file can have. */
  static Set<String> pathsAndFolders(List<CodeFileStore.CodeFile> known) {
    var paths = new LinkedHashSet<String>();
    for (var file : known) {
      paths.add(file.path());
      for (int end = file.path().indexOf('/'); end > 0; end = file.path().indexOf('/', end + 1)) {
        paths.add(file.path().substring(0, end));
      }
    }
    return paths;
  }

  /** The paths of these. */
  static Set<String> paths(List<CodeFileStore.CodeFile> known) {
    return new LinkedHashSet<>(known.stream().map(CodeFileStore.CodeFile::path).toList());
  }
}
