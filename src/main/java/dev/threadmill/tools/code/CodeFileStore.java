package dev.threadmill.tools.code;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileLifecycle;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What {@code /mnt/data} of a thread contains, and which session has its variables. */
@ApplicationScoped
class CodeFileStore implements ThreadLifecycle, FileLifecycle {
  private final Jdbc jdbc;
  private final Sandbox sandbox;
  private final Outbox outbox;
  private final InstantSource clock;

  CodeFileStore(Jdbc jdbc, Sandbox sandbox, Outbox outbox, InstantSource clock) {
    this.outbox = outbox;
    this.clock = clock;
    this.jdbc = jdbc;
    this.sandbox = sandbox;
  }

  /**
   * A file of a thread.
   *
   * @param file null if the code has deleted it
   * @param input the file that a client gave; null for one that code has made
   */
  record CodeFile(String path, FileId file, FileId input) {}

  /** Whether the thread is there. */
  boolean exists(ThreadId thread) {
    return jdbc.one("SELECT id FROM threads WHERE id = ?", row -> row.text("id"), thread)
        .isPresent();
  }

  /** The files of a thread. */
  List<CodeFile> files(ThreadId thread) {
    return jdbc.list(
        "SELECT path, file_id, input_file_id FROM code_files WHERE thread_id = ? ORDER BY path",
        CodeFileStore::read,
        thread);
  }

  /** As {@link #files(ThreadId)}, within a transaction. */
  List<CodeFile> files(Tx tx, ThreadId thread) {
    return tx.list(
        "SELECT path, file_id, input_file_id FROM code_files WHERE thread_id = ? ORDER BY path",
        CodeFileStore::read,
        thread);
  }

  private static CodeFile read(Row row) throws SQLException {
    return new CodeFile(
        row.text("path"), row.text("file_id", FileId::new), row.text("input_file_id", FileId::new));
  }

  /** Adds or changes these files. One whose content and input are null is removed. */
  void save(ProjectId project, ThreadId thread, List<CodeFile> files) {
    if (files.isEmpty()) {
      return;
    }
    jdbc.runInTransaction(tx -> save(tx, project, thread, files));
  }

  /** As {@link #save(ProjectId, ThreadId, List)}, within a transaction. */
  void save(Tx tx, ProjectId project, ThreadId thread, List<CodeFile> files) {
    for (var file : files) {
      save(tx, project, thread, file);
    }
  }

  private static void save(Tx tx, ProjectId project, ThreadId thread, CodeFile file) {
    if (file.file() == null && file.input() == null) {
      tx.defer("DELETE FROM code_files WHERE thread_id = ? AND path = ?", thread, file.path());
    } else {
      tx.defer(
          """
          INSERT INTO code_files (thread_id, path, project_id, file_id, input_file_id)
          SELECT id, ?, ?, ?, ? FROM threads WHERE id = ?
          ON CONFLICT (thread_id, path)
          DO UPDATE SET file_id = excluded.file_id, input_file_id = excluded.input_file_id
          """,
          file.path(),
          project,
          file.file(),
          file.input(),
          thread);
    }
  }

  /** The session that has the variables of a thread; empty if it never had one. */
  Optional<String> session(ThreadId thread) {
    return jdbc.one(
        "SELECT session FROM code_sessions WHERE thread_id = ?",
        row -> row.text("session"),
        thread);
  }

  /** Records that this session, which is new, has the variables of the thread. */
  void setSession(ProjectId project, ThreadId thread, String session) {
    jdbc.runInTransaction(
        tx -> {
          setSession(tx, project, thread, session);
          outbox.append(
              tx,
              Activity.of(Activity.CODE_SESSION, project, clock.instant())
                  .thread(thread)
                  .status("opened")
                  .detail("operation", Activity.CODE_SESSION)
                  .build());
        });
  }

  private static void setSession(Tx tx, ProjectId project, ThreadId thread, String session) {
    tx.defer(
        """
        INSERT INTO code_sessions (thread_id, project_id, session)
        SELECT id, ?, ? FROM threads WHERE id = ?
        ON CONFLICT (thread_id) DO UPDATE SET session = excluded.session
        """,
        project,
        session,
        thread);
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    tx.defer("DELETE FROM code_files WHERE thread_id = ?", thread);
    tx.defer("DELETE FROM code_sessions WHERE thread_id = ?", thread);
    // Sessions on other nodes end when they have been idle for long enough.
    tx.afterCommit(() -> sandbox.close(thread.value()));
  }

  @Override
  public void deleteFiles(Tx tx, ProjectId project, List<FileId> files) {
    tx.defer("DELETE FROM code_files WHERE file_id = ANY (?)", files);
  }
}
