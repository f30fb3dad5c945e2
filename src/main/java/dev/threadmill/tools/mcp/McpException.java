package dev.threadmill.tools.mcp;

/**
 * An exchange with an MCP server brought no usable response.
 *
 * <p>The message is fit for a model and a client: it holds no secrets and no resolved addresses.
 */
final class McpException extends Exception {
  private static final long serialVersionUID = 1;

  private final Kind kind;

  /** What went wrong, which decides about fallbacks and about what is known of a call. */
  enum Kind {
    /** The server was not reached, or refused the request: the call had no effect. */
    NOT_EXECUTED,
    /** The server does not know the session any more: the call had no effect. */
    SESSION_EXPIRED,
    /** The endpoint does not take POST requests, so it may speak the HTTP+SSE transport. */
    NO_STREAMABLE_HTTP,
    /** The server answered with a JSON-RPC error. */
    ERROR_RESPONSE,
    /** The request may have arrived, but no usable response came back. */
    NO_RESPONSE
  }

  McpException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** Whether the request may have arrived, and its effect is unknown. */
  boolean isUndecided() {
    return kind == Kind.NO_RESPONSE;
  }

  Kind kind() {
    return kind;
  }
}
