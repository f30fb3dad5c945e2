package dev.threadmill.webhooks;

import dev.threadmill.telemetry.SampledGauges;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The metrics of the queue of webhooks, over all endpoints. */
@ApplicationScoped
class WebhookMetrics {
  void register(@Observes StartupEvent start, DeliveryQueue queue, SampledGauges gauges) {
    gauges.register(
        "threadmill.webhooks.pending",
        "Webhooks that wait to be delivered",
        null,
        Tags.empty(),
        () -> queue.state().pending());
    gauges.register(
        "threadmill.webhooks.dead",
        "Webhooks that were given up and are kept as dead letters",
        null,
        Tags.empty(),
        () -> queue.state().dead());
    gauges.register(
        "threadmill.webhooks.lag",
        "Age of the oldest webhook that waits to be delivered",
        "seconds",
        Tags.empty(),
        () -> queue.state().lagSeconds());
  }
}
