package dev.threadmill.projects;

import dev.threadmill.api.ApiError;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Adds to a 404 which project was searched, if an admin has not named one: the object may well
 * exist in another project.
 */
public class NameProjectOfAdmin {
  private static final int NOT_FOUND = 404;
  private static final String PROJECTS = "/v1/projects";

  @ServerResponseFilter
  public void explain(ContainerRequestContext request, ContainerResponseContext response) {
    if (response.getStatus() == NOT_FOUND
        && response.getEntity() instanceof ApiError.Envelope(var error)
        && error.message().startsWith("No ")
        && request.getHeaderString(AuthenticationFilter.PROJECT_HEADER) == null
        && !request.getUriInfo().getPath().startsWith(PROJECTS)
        && Caller.find().filter(Caller::isAdmin).isPresent()) {
      var explained =
          "%s An admin key searches the project %s, unless the header %s names another."
              .formatted(error.message(), Projects.DEFAULT, AuthenticationFilter.PROJECT_HEADER);
      response.setEntity(
          new ApiError(explained, error.type(), error.param(), error.code()).inEnvelope());
    }
  }
}
