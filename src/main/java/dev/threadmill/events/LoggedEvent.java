package dev.threadmill.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.db.Row;
import java.sql.SQLException;

/**
 * An event of the log.
 *
 * @param position its place in the log of all projects
 * @param payload as the outbox stored it
 */
record LoggedEvent(long position, String id, String type, ObjectNode payload) {
  static LoggedEvent read(Row row) throws SQLException {
    return new LoggedEvent(
        row.bigint("position"),
        row.text("id"),
        row.text("event"),
        row.json("payload", ObjectNode.class));
  }

  /** As clients see it. */
  EventObject shown() {
    return EventObject.of(id, payload);
  }
}
