package dev.threadmill.webhooks;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.events.EventObject;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.webhooks.EndpointRequests.CreateWebhookEndpoint;
import dev.threadmill.webhooks.EndpointRequests.ModifyWebhookEndpoint;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The webhook endpoints of projects and their deliveries. */
@ApplicationScoped
class WebhookEndpoints {
  private static final int MAX_PER_PROJECT = 20;
  private static final int MAX_REPLAYED = 1_000;
  private static final Duration OLD_SECRET = Duration.ofHours(24);
  private static final Set<String> STATUSES = Set.of("pending", "delivered", "dead");

  private final EndpointStore endpoints;
  private final DeliveryStore deliveries;
  private final WebhookDispatcher dispatcher;
  private final SendWebhook sender;
  private final SecretBox secrets;
  private final Ids ids;
  private final InstantSource clock;

  WebhookEndpoints(
      EndpointStore endpoints,
      DeliveryStore deliveries,
      WebhookDispatcher dispatcher,
      SendWebhook sender,
      SecretBox secrets,
      Ids ids,
      InstantSource clock) {
    this.endpoints = endpoints;
    this.deliveries = deliveries;
    this.dispatcher = dispatcher;
    this.sender = sender;
    this.secrets = secrets;
    this.ids = ids;
    this.clock = clock;
  }

  EndpointObject.WithSecret create(ProjectId project, CreateWebhookEndpoint request) {
    var secret = WebhookSignature.newSecret();
    var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    var endpoint =
        new WebhookEndpoint(
            ids.next(WebhookEndpoint.PREFIX),
            project,
            now,
            now,
            request.name(),
            request.url(),
            request.eventTypes(),
            secrets.seal(project, secret).box(),
            WebhookSignature.hint(secret),
            null);
    if (!endpoints.insert(endpoint, MAX_PER_PROJECT)) {
      throw ApiException.invalidState(
          "The project has %d webhook endpoints, which is the most it may have."
              .formatted(MAX_PER_PROJECT));
    }
    return EndpointObject.WithSecret.of(endpoint, secret);
  }

  Page<EndpointObject> list(ProjectId project, PageRequest page) {
    return endpoints.list(project, page).map(EndpointObject::of);
  }

  EndpointObject get(ProjectId project, String id) {
    return EndpointObject.of(require(project, id));
  }

  EndpointObject modify(ProjectId project, String id, ModifyWebhookEndpoint changes) {
    var modified =
        endpoints
            .modify(project, checked(id), changes, clock.instant())
            .map(EndpointObject::of)
            .orElseThrow(() -> notFound(id));
    dispatcher.queued(List.of(id));
    return modified;
  }

  EndpointObject.WithSecret rotateSecret(ProjectId project, String id, boolean keepOld) {
    var secret = WebhookSignature.newSecret();
    var now = clock.instant();
    return endpoints
        .rotate(
            project,
            checked(id),
            secrets.seal(project, secret).box(),
            WebhookSignature.hint(secret),
            keepOld ? now.plus(OLD_SECRET) : null,
            now)
        .map(endpoint -> EndpointObject.WithSecret.of(endpoint, secret))
        .orElseThrow(() -> notFound(id));
  }

  void delete(ProjectId project, String id) {
    if (!endpoints.delete(project, checked(id))) {
      throw notFound(id);
    }
  }

  /**
   * The result of a test on the wire.
   *
   * @param success whether a delivery with this status would count as delivered
   */
  @Schema(name = "WebhookEndpointTestResult")
  record TestResult(
      String object, String webhookEndpointId, String eventType, int statusCode, boolean success) {}

  /** Sends an example of an event at once, and nothing again. */
  TestResult test(ProjectId project, String id, String type) throws InterruptedException {
    var endpoint = require(project, id);
    var event = ids.next(OutboxEvent.PREFIX);
    var now = clock.instant();
    var example =
        EventObject.of(
            event,
            Activity.of(type, project, now)
                .status("completed")
                .detail("test", "true")
                .build()
                .toEvent()
                .payload());
    var outcome = sender.send(endpoint, event, WebhookBody.of(event, now, type, example));
    if (outcome.statusCode() == null) {
      throw ApiException.invalidState("The test did not reach the endpoint: " + outcome.error());
    }
    return new TestResult(
        "webhook_endpoint.test", id, type, outcome.statusCode(), outcome.isDelivered());
  }

  /**
   * The deliveries of an endpoint.
   *
   * @param status null for all
   */
  Page<DeliveryObject> deliveries(ProjectId project, String id, String status, PageRequest page) {
    if (status != null && !STATUSES.contains(status)) {
      throw ApiException.invalid(
          "status", "Invalid 'status': expected 'pending', 'delivered' or 'dead'.");
    }
    return deliveries.list(require(project, id).id(), status, page);
  }

  DeliveryObject delivery(ProjectId project, String id, String delivery) {
    return deliveries
        .find(require(project, id).id(), StorableText.require("delivery_id", delivery))
        .orElseThrow(() -> ApiException.notFound("webhook delivery", delivery));
  }

  DeliveryObject replay(ProjectId project, String id, String delivery) {
    if (delivery(project, id, delivery).status().equals("pending")) {
      throw ApiException.invalidState("The delivery is pending: it is tried again by itself.");
    }
    var replayed =
        deliveries
            .replay(id, delivery)
            .orElseThrow(() -> ApiException.notFound("webhook delivery", delivery));
    dispatcher.queued(List.of(id));
    return replayed;
  }

  /**
   * How many dead letters were queued again, on the wire.
   *
   * @param hasMore whether there may be more
   */
  @Schema(name = "WebhookReplay")
  record Replayed(String object, int replayed, boolean hasMore) {}

  /** Queues the oldest dead letters of an endpoint again. */
  Replayed replayDead(ProjectId project, String id) {
    int replayed = deliveries.replayDead(require(project, id).id(), MAX_REPLAYED);
    dispatcher.queued(List.of(id));
    return new Replayed("webhook_endpoint.replay", replayed, replayed == MAX_REPLAYED);
  }

  private WebhookEndpoint require(ProjectId project, String id) {
    return endpoints.find(project, checked(id)).orElseThrow(() -> notFound(id));
  }

  private static String checked(String id) {
    return StorableText.require("webhook_endpoint_id", id);
  }

  private static ApiException notFound(String id) {
    return ApiException.notFound("webhook endpoint", id);
  }
}
