package dev.threadmill.webhooks;

import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.projects.Caller;
import dev.threadmill.webhooks.EndpointRequests.CreateWebhookEndpoint;
import dev.threadmill.webhooks.EndpointRequests.ModifyWebhookEndpoint;
import dev.threadmill.webhooks.EndpointRequests.RotateSecret;
import dev.threadmill.webhooks.EndpointRequests.TestWebhookEndpoint;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Webhook endpoints of the project of the key, as the official SDKs call them. */
@Path("/v1/webhook_endpoints")
@RunOnVirtualThread
@Tag(name = "Webhooks")
public class WebhookEndpointResource {
  private final WebhookEndpoints endpoints;

  WebhookEndpointResource(WebhookEndpoints endpoints) {
    this.endpoints = endpoints;
  }

  @POST
  @Operation(
      summary = "Create a webhook endpoint",
      description = "The signing secret is in the answer. It cannot be read again.")
  public EndpointObject.WithSecret create(CreateWebhookEndpoint request) {
    return endpoints.create(Caller.current().project(), EndpointRequests.require(request));
  }

  @GET
  @Operation(summary = "List webhook endpoints")
  public Page<EndpointObject> list(@BeanParam PageRequest page) {
    return endpoints.list(Caller.current().project(), page);
  }

  @GET
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Retrieve a webhook endpoint")
  public EndpointObject get(@PathParam("webhook_endpoint_id") String id) {
    return endpoints.get(Caller.current().project(), id);
  }

  @POST
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Modify a webhook endpoint")
  public EndpointObject modify(
      @PathParam("webhook_endpoint_id") String id, ModifyWebhookEndpoint request) {
    return endpoints.modify(Caller.current().project(), id, EndpointRequests.require(request));
  }

  @DELETE
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Delete a webhook endpoint with its deliveries")
  public Deleted delete(@PathParam("webhook_endpoint_id") String id) {
    endpoints.delete(Caller.current().project(), id);
    return new Deleted(id, "webhook_endpoint.deleted", true);
  }

  @POST
  @Path("{webhook_endpoint_id}/rotate_secret")
  @Operation(
      summary = "Replace the signing secret of a webhook endpoint",
      description =
          "With keep_old_secret_active_for_24_hours deliveries are signed with both for that time.")
  public EndpointObject.WithSecret rotateSecret(
      @PathParam("webhook_endpoint_id") String id, RotateSecret request) {
    boolean keepOld = RotateSecret.keepsOld(request);
    return endpoints.rotateSecret(Caller.current().project(), id, keepOld);
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Path("{webhook_endpoint_id}/test")
  @Operation(summary = "Send an example of an event to a webhook endpoint, once")
  public WebhookEndpoints.TestResult test(
      @PathParam("webhook_endpoint_id") String id, TestWebhookEndpoint request)
      throws InterruptedException {
    return endpoints.test(
        Caller.current().project(), id, EndpointRequests.require(request).eventType());
  }

  @GET
  @Path("{webhook_endpoint_id}/deliveries")
  @Operation(summary = "List the deliveries of a webhook endpoint")
  public Page<DeliveryObject> deliveries(
      @PathParam("webhook_endpoint_id") String id,
      @QueryParam("status") String status,
      @BeanParam PageRequest page) {
    return endpoints.deliveries(Caller.current().project(), id, status, page);
  }

  @GET
  @Path("{webhook_endpoint_id}/deliveries/{delivery_id}")
  @Operation(summary = "Retrieve a delivery with its latest attempts")
  public DeliveryObject delivery(
      @PathParam("webhook_endpoint_id") String id, @PathParam("delivery_id") String delivery) {
    return endpoints.delivery(Caller.current().project(), id, delivery);
  }

  @POST
  @Path("{webhook_endpoint_id}/deliveries/{delivery_id}/replay")
  @Operation(summary = "Queue a delivery that has ended again")
  public DeliveryObject replay(
      @PathParam("webhook_endpoint_id") String id, @PathParam("delivery_id") String delivery) {
    return endpoints.replay(Caller.current().project(), id, delivery);
  }

  @POST
  @Path("{webhook_endpoint_id}/replay")
  @Operation(summary = "Queue the oldest dead letters of a webhook endpoint again, up to 1000")
  public WebhookEndpoints.Replayed replayDead(@PathParam("webhook_endpoint_id") String id) {
    return endpoints.replayDead(Caller.current().project(), id);
  }
}
