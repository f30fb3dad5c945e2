package dev.threadmill.threads;

import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Optional;

/** Changes of the tool resources of a thread that follow from what is attached to its messages. */
@ApplicationScoped
public class ThreadToolResources {
  /** The tool resources of a thread; empty if it has none. */
  public Optional<ToolResources> find(Tx tx, ThreadId thread) {
    return tx.one(
            "SELECT tool_resources FROM threads WHERE id = ?",
            row -> Optional.ofNullable(row.json("tool_resources", ToolResources.class)),
            thread)
        .flatMap(found -> found);
  }

  /** Has the file search of a thread search this vector store, in place of any other. */
  public void setVectorStore(Tx tx, ThreadId thread, String vectorStoreId) {
    tx.defer(
        """
        UPDATE threads SET tool_resources = coalesce(tool_resources, '{}') || jsonb_build_object(
          'file_search', jsonb_build_object('vector_store_ids', jsonb_build_array(?::text)))
        WHERE id = ?""",
        vectorStoreId,
        thread);
  }

  /**
   * Gives these files to the code interpreter of a thread. Of more than {@link
   * ToolResources#MAX_FILES} it keeps those that were added last.
   */
  public void addCodeInterpreterFiles(Tx tx, ThreadId thread, Collection<String> fileIds) {
    tx.defer(
        """
        UPDATE threads SET tool_resources = coalesce(tool_resources, '{}') || jsonb_build_object(
          'code_interpreter', jsonb_build_object('file_ids', (
            SELECT jsonb_agg(newest.id ORDER BY newest.place) FROM (
              SELECT files.id, max(files.place) AS place FROM (
                SELECT old.id, old.place FROM jsonb_array_elements_text(coalesce(
                  tool_resources #> '{code_interpreter,file_ids}', '[]'))
                  WITH ORDINALITY AS old (id, place)
                UNION ALL
                SELECT new.id, 1000 + new.place
                FROM unnest(?::text[]) WITH ORDINALITY AS new (id, place)) AS files
              GROUP BY files.id ORDER BY 2 DESC LIMIT ?) AS newest)))
        WHERE id = ?""",
        fileIds,
        ToolResources.MAX_FILES,
        thread);
  }
}
