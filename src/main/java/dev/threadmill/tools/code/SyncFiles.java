package dev.threadmill.tools.code;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.StoredFile;
import dev.threadmill.sandbox.SandboxException;
import dev.threadmill.sandbox.SandboxSession.SandboxFile;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.code.CodeFileStore.CodeFile;
import dev.threadmill.tools.code.ThreadSession.Known;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Synchronizes the files of a session with those of the thread: before a call, missing files are
 * written to the session; after it, changed files become files of the thread.
 */
@ApplicationScoped
class SyncFiles {
  private static final Logger LOG = Logger.getLogger(SyncFiles.class);
  private static final int MAX_SAVED = 100;

  /** The path is in an index of the database, whose entries are bounded. */
  private static final int MAX_PATH = 500;

  private final CodeFileStore store;
  private final InputFiles inputs;
  private final Files files;

  SyncFiles(CodeFileStore store, InputFiles inputs, Files files) {
    this.store = store;
    this.inputs = inputs;
    this.files = files;
  }

  /**
   * Writes the files that the session lacks, and removes those that were deleted.
   *
   * @param notes receives sentences for the model about files that were not written
   * @return the names of the files that were added
   */
  List<String> before(ToolContext context, ThreadSession session, List<String> notes)
      throws SandboxException, IOException {
    var wanted = withInputs(context, store.files(context.thread()));
    var paths = InputFiles.paths(wanted);
    for (var path : List.copyOf(session.known.keySet())) {
      if (!paths.contains(path)) {
        session.session.delete(path);
        session.known.remove(path);
      }
    }
    var missing =
        wanted.stream()
            .filter(file -> file.file() != null)
            .filter(file -> !isKnown(session, file))
            .toList();
    Map<FileId, StoredFile> contents =
        files.findAll(context.project(), missing.stream().map(CodeFile::file).toList()).stream()
            .collect(Collectors.toMap(StoredFile::id, Function.identity(), (one, _) -> one));
    var added = new ArrayList<String>();
    for (var file : missing) {
      var content = contents.get(file.file());
      if (content != null) {
        try {
          write(session, file, content);
          added.add(file.path());
        } catch (FileAlreadyExistsException e) {
          notes.add(
              "The file '%s' is not in /mnt/data: the code made something else with its name."
                  .formatted(file.path()));
        }
      }
    }
    return added;
  }

  private static boolean isKnown(ThreadSession session, CodeFile file) {
    var known = session.known.get(file.path());
    return known != null && Objects.equals(known.file(), file.file());
  }

  /** The files of the thread with those that clients have added since. */
  private List<CodeFile> withInputs(ToolContext context, List<CodeFile> known) {
    var given = known.stream().map(CodeFile::input).collect(Collectors.toCollection(HashSet::new));
    var taken = InputFiles.pathsAndFolders(known);
    var added = new ArrayList<CodeFile>();
    for (var input : inputs.of(context)) {
      // What code has made and a client gives back is there already.
      boolean isThere = known.stream().anyMatch(file -> input.id().equals(file.file()));
      if (!isThere && given.add(input.id())) {
        var path = InputFiles.freePath(input.filename(), taken);
        taken.add(path);
        added.add(new CodeFile(path, input.id(), input.id()));
      }
    }
    store.save(context.project(), context.thread(), added);
    var all = new ArrayList<>(known);
    all.addAll(added);
    return all;
  }

  private void write(ThreadSession session, CodeFile file, StoredFile content)
      throws SandboxException, IOException {
    try (var in = files.open(content)) {
      var written = session.session.write(file.path(), in, content.bytes());
      session.known.put(file.path(), new Known(written.version(), file.file(), file.input()));
    }
  }

  /**
   * Stores the files that the code has changed.
   *
   * @return sentences for the model about files that were not stored
   */
  List<String> after(ToolContext context, ThreadSession session) throws SandboxException {
    var notes = new ArrayList<String>();
    var changes = new ArrayList<CodeFile>();
    var found = new HashSet<String>();
    int saved = 0;
    for (var file : session.session.files()) {
      found.add(file.path());
      var known = session.known.get(file.path());
      if (known != null && known.version().equals(file.version())) {
        continue;
      }
      if (file.path().length() > MAX_PATH) {
        notes.add(
            "A file is not stored: its path has more than %d characters.".formatted(MAX_PATH));
        continue;
      }
      if (saved == MAX_SAVED) {
        notes.add(
            "More than %d files changed; the others are stored after the next call."
                .formatted(MAX_SAVED));
        break;
      }
      saved++;
      var input = known == null ? null : known.input();
      var stored = save(context, session, file, notes);
      if (stored != null) {
        session.known.put(file.path(), new Known(file.version(), stored, input));
        changes.add(new CodeFile(file.path(), stored, input));
      }
    }
    if (saved < MAX_SAVED) {
      for (var path : List.copyOf(session.known.keySet())) {
        if (!found.contains(path)) {
          changes.add(new CodeFile(path, null, session.known.remove(path).input()));
        }
      }
    }
    store.save(context.project(), context.thread(), changes);
    return notes;
  }

  private FileId save(
      ToolContext context, ThreadSession session, SandboxFile file, List<String> notes) {
    var name = file.path().substring(file.path().lastIndexOf('/') + 1);
    try (var in = session.session.open(file)) {
      return create(context, name, in, file.bytes());
    } catch (IOException | ApiException e) {
      LOG.infof("file of code not stored thread_id=%s cause=%s", context.thread(), e.getMessage());
      notes.add("The file '%s' is not stored: %s".formatted(file.path(), e.getMessage()));
      return null;
    }
  }

  /** Stores a picture that the code has shown; null if that fails. */
  FileId savePicture(ToolContext context, String name, byte[] picture, List<String> notes) {
    try {
      return create(context, name, new ByteArrayInputStream(picture), picture.length);
    } catch (IOException | ApiException e) {
      notes.add("A figure is not stored: " + e.getMessage());
      return null;
    }
  }

  private FileId create(ToolContext context, String name, java.io.InputStream in, long bytes)
      throws IOException {
    var file = new NewFile(name, FilePurpose.ASSISTANTS_OUTPUT, null, null, context.thread());
    var made = files.create(context.project(), file, in, bytes, Math.max(1, bytes)).id();
    if (!store.exists(context.thread())) {
      // The thread was deleted meanwhile, and took the files along that it had.
      files.delete(context.project(), made);
      throw new IOException("the thread was deleted");
    }
    return made;
  }
}
