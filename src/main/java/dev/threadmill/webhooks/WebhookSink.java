package dev.threadmill.webhooks;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.events.EventObject;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.telemetry.OutboxSink;
import dev.threadmill.webhooks.DeliveryQueue.NewDelivery;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Queues the events of the outbox for the endpoints that subscribe to them. */
@ApplicationScoped
class WebhookSink implements OutboxSink {
  private static final Logger LOG = Logger.getLogger(WebhookSink.class);

  /** In characters. A queue has so many bytes at most for each delivery that it may have. */
  private static final int MAX_BODY = 8_000;

  private final EndpointStore endpoints;
  private final DeliveryQueue queue;
  private final WebhookDispatcher dispatcher;
  private final Ids ids;
  private final InstantSource clock;
  private final Counter dead;
  private final Counter dropped;

  WebhookSink(
      EndpointStore endpoints,
      DeliveryQueue queue,
      WebhookDispatcher dispatcher,
      Ids ids,
      InstantSource clock,
      MeterRegistry meters) {
    this.endpoints = endpoints;
    this.queue = queue;
    this.dispatcher = dispatcher;
    this.ids = ids;
    this.clock = clock;
    this.dead = overflow(meters, "dead");
    this.dropped = overflow(meters, "dropped");
  }

  private static Counter overflow(MeterRegistry meters, String outcome) {
    return Counter.builder("threadmill.webhooks.overflow")
        .description("Webhooks that exceeded the bound of a queue")
        .tag("outcome", outcome)
        .register(meters);
  }

  @Override
  public String name() {
    return "webhooks";
  }

  @Override
  public void deliver(List<OutboxEvent> events) {
    var projects = events.stream().map(OutboxEvent::project).distinct().toList();
    var byProject =
        endpoints.of(projects).stream().collect(Collectors.groupingBy(WebhookEndpoint::project));
    var deliveries = deliveries(events, byProject);
    if (!deliveries.isEmpty()) {
      report(queue.add(deliveries));
      dispatcher.queued(
          deliveries.stream().map(NewDelivery::endpoint).collect(Collectors.toUnmodifiableSet()));
    }
  }

  private void report(DeliveryQueue.Overflow overflow) {
    if (overflow.dead() > 0 || overflow.dropped() > 0) {
      dead.increment(overflow.dead());
      dropped.increment(overflow.dropped());
      LOG.warnf(
          "queues of webhooks are full dead=%d dropped=%d endpoint_ids=%s",
          overflow.dead(), overflow.dropped(), overflow.endpoints());
    }
  }

  private List<NewDelivery> deliveries(
      List<OutboxEvent> events, Map<ProjectId, List<WebhookEndpoint>> byProject) {
    var deliveries = new ArrayList<NewDelivery>();
    for (var event : events) {
      var receivers =
          byProject.getOrDefault(event.project(), List.of()).stream()
              .filter(endpoint -> EventTypes.includes(endpoint.eventTypes(), event.type()))
              .toList();
      if (receivers.isEmpty()) {
        continue;
      }
      var lane = event.thread() == null ? event.id() : event.thread().value();
      var body = body(event);
      for (var receiver : receivers) {
        deliveries.add(
            new NewDelivery(
                ids.next(DeliveryObject.PREFIX),
                receiver.id(),
                lane,
                event.id(),
                event.type(),
                body));
      }
    }
    return deliveries;
  }

  /** The details of an event are left out of a body that is too long for the bound of a queue. */
  private String body(OutboxEvent event) {
    var data = EventObject.of(event.id(), event.payload());
    var body = WebhookBody.of(event.id(), time(data.timestamp()), event.type(), data);
    return body.length() <= MAX_BODY
        ? body
        : WebhookBody.of(event.id(), time(data.timestamp()), event.type(), data.withoutDetails());
  }

  private Instant time(String timestamp) {
    if (timestamp == null) {
      return clock.instant();
    }
    try {
      return Instant.parse(timestamp);
    } catch (DateTimeParseException e) {
      return clock.instant();
    }
  }
}
