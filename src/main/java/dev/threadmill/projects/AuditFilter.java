package dev.threadmill.projects;

import dev.threadmill.audit.AuditEntry;
import dev.threadmill.audit.AuditStore;
import dev.threadmill.audit.AuditedChange;
import dev.threadmill.db.CommitHook;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.Map;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Has the commit of every change by an admin write an entry of the audit log: either both are
 * stored, or neither. Admins are those with an admin key or the scope {@code admin}; their ordinary
 * work, such as runs, is not audited. Other requests cost nothing.
 */
public class AuditFilter {
  private static final String AUDITED = "dev.threadmill.audited";

  /** The last segments of paths that are verbs, and the past of each. */
  private static final Map<String, String> VERBS =
      Map.of(
          "rotate", "rotated",
          "rotate_secret", "secret_rotated",
          "refresh", "refreshed",
          "test", "tested",
          "replay", "replayed",
          "restore", "restored",
          "cancel", "cancelled",
          "openapi", "openapi_imported");

  /** What is in a vector store is named after it. */
  private static final String STORES = "/v1/vector_stores/{vector_store_id}";

  private final AuditStore store;
  private final AuditTrail trail;

  AuditFilter(AuditStore store, AuditTrail trail) {
    this.store = store;
    this.trail = trail;
  }

  /** Behind the filter of idempotency keys, which removes the hooks of earlier requests. */
  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 200)
  public void before(ContainerRequestContext request) {
    var access = Caller.accessOfRequest().orElse(null);
    if (access == null || !isAudited(access)) {
      return;
    }
    var operation = access.operation();
    var params = request.getUriInfo().getPathParameters();
    var id = trail.newId();
    var chain = chain(operation.template(), params);
    var type = type(operation.method(), operation.template());
    var change = AuditedChange.begin(target(operation.template(), params));
    CommitHook.add(tx -> store.append(tx, trail.entry(id, chain, type, access, change)));
    request.setProperty(AUDITED, true);
  }

  /** The request has made its changes. */
  @ServerResponseFilter
  public void after(ContainerRequestContext request, ContainerResponseContext response) {
    if (request.getProperty(AUDITED) != null) {
      AuditedChange.end();
      CommitHook.unbind();
    }
  }

  private static boolean isAudited(OpenStreams.Access access) {
    var operation = access.operation();
    if (operation.method().equals(HttpMethod.GET)) {
      return false;
    }
    return switch (operation.scope()) {
      case ADMIN -> true;
      case MANAGE -> access.grant().has(Scope.ADMIN);
      case RUN -> operation.template().startsWith(EndpointScopes.CLIENT_TOKENS);
      case READ -> false;
    };
  }

  private static String chain(String template, MultivaluedMap<String, String> params) {
    var project = params.getFirst("project_id");
    if (project != null) {
      return project;
    }
    return template.equals("/v1/projects")
        ? AuditEntry.NO_PROJECT
        : Caller.current().project().value();
  }

  /** The last id of the path; null if the request creates something. */
  private static String target(String template, MultivaluedMap<String, String> params) {
    var segments = template.split("/");
    var last = segments[segments.length - 1];
    boolean isAction = VERBS.containsKey(last) || last.equals("limits");
    var id = isAction ? segments[segments.length - 2] : last;
    return id.startsWith("{") ? params.getFirst(id.substring(1, id.length() - 1)) : null;
  }

  /** Such as {@code api_key.created}, as the hosted service names them. */
  static String type(String method, String template) {
    if (template.endsWith("/limits")) {
      return "rate_limit.updated";
    }
    if (template.startsWith(STORES) && !template.endsWith(STORES)) {
      return "vector_store." + type(method, template.substring(STORES.length()));
    }
    if (template.contains("/logs/debug")) {
      return "debug_log." + (method.equals(HttpMethod.DELETE) ? "deleted" : "updated");
    }
    if (template.startsWith("/v1/memory")) {
      return "memory." + (method.equals(HttpMethod.DELETE) ? "deleted" : "updated");
    }
    var segments = template.split("/");
    var last = segments[segments.length - 1];
    boolean isItem = last.startsWith("{");
    if (template.equals("/v1/projects/{project_id}") && method.equals(HttpMethod.DELETE)) {
      return "project.archived";
    }
    if (isItem) {
      var kind = singular(segments[segments.length - 2]);
      return kind + (method.equals(HttpMethod.DELETE) ? ".deleted" : ".updated");
    }
    if (VERBS.containsKey(last)) {
      for (int i = segments.length - 2; i > 0; i--) {
        if (!segments[i].startsWith("{") && !segments[i].equals("tools")) {
          return singular(segments[i]) + "." + VERBS.get(last);
        }
      }
    }
    return singular(last) + (method.equals(HttpMethod.DELETE) ? ".deleted" : ".created");
  }

  private static String singular(String kind) {
    if (kind.equals("webhooks") || kind.equals("webhook_endpoints")) {
      return "webhook_endpoint";
    }
    if (kind.endsWith("ies")) {
      return kind.substring(0, kind.length() - 3) + "y";
    }
    if (kind.endsWith("batches")) {
      return kind.substring(0, kind.length() - 2);
    }
    return kind.endsWith("s") ? kind.substring(0, kind.length() - 1) : kind;
  }
}
