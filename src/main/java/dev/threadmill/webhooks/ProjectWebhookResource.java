package dev.threadmill.webhooks;

import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
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

/** The same webhook endpoints below the log of a project, for its keys and for admins. */
@Path("/v1/projects/{project_id}/logs/webhooks")
@RunOnVirtualThread
@Tag(name = "Webhooks")
public class ProjectWebhookResource {
  private final WebhookEndpoints endpoints;
  private final Projects projects;

  ProjectWebhookResource(WebhookEndpoints endpoints, Projects projects) {
    this.endpoints = endpoints;
    this.projects = projects;
  }

  @POST
  @Operation(
      summary = "Create a webhook endpoint of a project",
      description = "The signing secret is in the answer. It cannot be read again.")
  public EndpointObject.WithSecret create(
      @PathParam("project_id") ProjectId project, CreateWebhookEndpoint request) {
    return endpoints.create(checked(project), EndpointRequests.require(request));
  }

  @GET
  @Operation(summary = "List webhook endpoints of a project")
  public Page<EndpointObject> list(
      @PathParam("project_id") ProjectId project, @BeanParam PageRequest page) {
    return endpoints.list(checked(project), page);
  }

  @GET
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Retrieve a webhook endpoint of a project")
  public EndpointObject get(
      @PathParam("project_id") ProjectId project, @PathParam("webhook_endpoint_id") String id) {
    return endpoints.get(checked(project), id);
  }

  @POST
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Modify a webhook endpoint of a project")
  public EndpointObject modify(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      ModifyWebhookEndpoint request) {
    return endpoints.modify(checked(project), id, EndpointRequests.require(request));
  }

  @DELETE
  @Path("{webhook_endpoint_id}")
  @Operation(summary = "Delete a webhook endpoint with its deliveries")
  public Deleted delete(
      @PathParam("project_id") ProjectId project, @PathParam("webhook_endpoint_id") String id) {
    endpoints.delete(checked(project), id);
    return new Deleted(id, "webhook_endpoint.deleted", true);
  }

  @POST
  @Path("{webhook_endpoint_id}/rotate_secret")
  @Operation(
      summary = "Replace the signing secret of a webhook endpoint of a project",
      description =
          "With keep_old_secret_active_for_24_hours deliveries are signed with both for that time.")
  public EndpointObject.WithSecret rotateSecret(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      RotateSecret request) {
    boolean keepOld = RotateSecret.keepsOld(request);
    return endpoints.rotateSecret(checked(project), id, keepOld);
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Path("{webhook_endpoint_id}/test")
  @Operation(summary = "Send an example of an event to a webhook endpoint of a project, once")
  public WebhookEndpoints.TestResult test(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      TestWebhookEndpoint request)
      throws InterruptedException {
    return endpoints.test(checked(project), id, EndpointRequests.require(request).eventType());
  }

  @GET
  @Path("{webhook_endpoint_id}/deliveries")
  @Operation(summary = "List the deliveries of a webhook endpoint of a project")
  public Page<DeliveryObject> deliveries(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      @QueryParam("status") String status,
      @BeanParam PageRequest page) {
    return endpoints.deliveries(checked(project), id, status, page);
  }

  @GET
  @Path("{webhook_endpoint_id}/deliveries/{delivery_id}")
  @Operation(summary = "Retrieve a delivery of a project with its latest attempts")
  public DeliveryObject delivery(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      @PathParam("delivery_id") String delivery) {
    return endpoints.delivery(checked(project), id, delivery);
  }

  @POST
  @Path("{webhook_endpoint_id}/deliveries/{delivery_id}/replay")
  @Operation(summary = "Queue a delivery of a project again that has ended")
  public DeliveryObject replay(
      @PathParam("project_id") ProjectId project,
      @PathParam("webhook_endpoint_id") String id,
      @PathParam("delivery_id") String delivery) {
    return endpoints.replay(checked(project), id, delivery);
  }

  @POST
  @Path("{webhook_endpoint_id}/replay")
  @Operation(
      summary =
          "Queue the oldest dead letters of a webhook endpoint of a project again, up to 1000")
  public WebhookEndpoints.Replayed replayDead(
      @PathParam("project_id") ProjectId project, @PathParam("webhook_endpoint_id") String id) {
    return endpoints.replayDead(checked(project), id);
  }

  private ProjectId checked(ProjectId project) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return project;
  }
}
