package dev.threadmill.assistants;

/**
 * The protocols under which an assistant is exposed beside the Assistants API. Null is false.
 *
 * @param mcp as a tool of the project's MCP server
 * @param a2a as an A2A agent
 * @param publicCard whether its agent card is shown without a key
 */
public record Exposure(Boolean mcp, Boolean a2a, Boolean publicCard) {
  /** Exposed under none, the default. */
  public static final Exposure NONE = new Exposure(false, false, false);

  public Exposure {
    mcp = mcp != null && mcp;
    a2a = a2a != null && a2a;
    publicCard = publicCard != null && publicCard;
  }
}
