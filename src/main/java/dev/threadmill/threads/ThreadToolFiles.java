package dev.threadmill.threads;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileLifecycle;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The files of a thread that are attached for tools of the assistant's own, such as a webhook: they
 * are handed to the calls of these tools.
 */
@ApplicationScoped
public class ThreadToolFiles implements AttachmentListener, ThreadLifecycle, FileLifecycle {
  /** The most files that a call is given: those that were attached last. */
  private static final int MAX_FILES = 20;

  private final Jdbc jdbc;
  private final Files files;

  ThreadToolFiles(Jdbc jdbc, Files files) {
    this.jdbc = jdbc;
    this.files = files;
  }

  /**
   * The files for the calls of a tool that still exist, those that were attached last first. Costs
   * one statement if there are none.
   *
   * @param names under which the tool may be named: its own, its type
   */
  public List<StoredFile> of(ProjectId project, ThreadId thread, Collection<String> names) {
    var ids =
        jdbc.list(
            """
            SELECT file_id, max(attached_at) AS attached_at FROM thread_tool_files
            WHERE thread_id = ? AND tool = ANY (?)
            GROUP BY file_id ORDER BY attached_at DESC, file_id LIMIT ?
            """,
            row -> row.text("file_id", FileId::new),
            thread,
            names,
            MAX_FILES);
    Map<FileId, StoredFile> found =
        files.findAll(project, ids).stream()
            .collect(Collectors.toMap(StoredFile::id, Function.identity()));
    return ids.stream().filter(found::containsKey).map(found::get).toList();
  }

  @Override
  public void attached(Tx tx, ProjectId project, ThreadId thread, List<Message> messages) {
    var rows = new ArrayList<Object[]>();
    for (var message : messages) {
      for (var attachment : message.attachments()) {
        for (var tool : attachment.ownTools()) {
          rows.add(new Object[] {thread, tool, attachment.fileId(), message.createdAt()});
        }
      }
    }
    if (!rows.isEmpty()) {
      tx.deferBatch(
          """
          INSERT INTO thread_tool_files (thread_id, tool, file_id, attached_at)
          VALUES (?, ?, ?, ?)
          ON CONFLICT DO NOTHING
          """,
          rows);
    }
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    tx.defer("DELETE FROM thread_tool_files WHERE thread_id = ?", thread);
  }

  @Override
  public void deleteFiles(Tx tx, ProjectId project, List<FileId> deleted) {
    tx.defer("DELETE FROM thread_tool_files WHERE file_id = ANY (?)", deleted);
  }

  @Override
  public void copyRange(Tx tx, ForkRange range) {
    tx.defer(
        """
        INSERT INTO thread_tool_files (thread_id, tool, file_id, attached_at)
        SELECT ?, tool, file_id, attached_at FROM thread_tool_files
        WHERE thread_id = ? AND attached_at > ? AND attached_at <= ?
        """,
        range.copy(),
        range.source(),
        range.after(),
        range.until());
  }
}
