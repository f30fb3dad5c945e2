package dev.threadmill.telemetry;

import dev.threadmill.api.Json;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Writes one line of JSON for each run that has ended, under the category {@code
 * threadmill.run_log}, on the node that delivers.
 */
@ApplicationScoped
class RunLogSink implements OutboxSink {
  private static final Logger LOG = Logger.getLogger("threadmill.run_log");

  @Override
  public String name() {
    return "run_log";
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    if (!LOG.isInfoEnabled()) {
      return;
    }
    for (var event : events) {
      Activity.of(event)
          .filter(Activity::isRunEnd)
          .ifPresent(activity -> LOG.info(Json.write(activity)));
    }
  }
}
