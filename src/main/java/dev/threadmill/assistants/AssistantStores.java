package dev.threadmill.assistants;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.vectorstores.StoreReferences;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.Set;

/** The vector stores to which assistants refer. */
@ApplicationScoped
class AssistantStores implements StoreReferences {
  private final Jdbc jdbc;

  AssistantStores(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  @Override
  public Set<String> referenced(ProjectId project, Collection<String> storeIds) {
    return Set.copyOf(
        jdbc.list(
            """
            SELECT s.id FROM unnest(?::text[]) AS s (id) WHERE EXISTS (
              SELECT 1 FROM assistants a WHERE a.project_id = ? AND jsonb_exists(
                a.tool_resources -> 'file_search' -> 'vector_store_ids', s.id))
            """,
            row -> row.text("id"),
            storeIds,
            project));
  }
}
