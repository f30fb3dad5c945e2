package dev.threadmill.webhooks;

import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The event types of webhooks, as the official SDKs ask for them. */
@Path("/v1/webhook_event_types")
@RunOnVirtualThread
@Tag(name = "Webhooks")
public class WebhookEventTypeResource {
  /** A list of names. */
  @Schema(name = "WebhookEventTypeList")
  public record EventTypeList(String object, List<String> data) {}

  @GET
  @Operation(summary = "List the event types that webhook endpoints can subscribe to")
  public EventTypeList list() {
    Caller.current();
    return new EventTypeList("list", EventTypes.ALL);
  }
}
