package dev.threadmill.assistants;

/**
 * Under which protocols an assistant is offered beside the Assistants API. What is left out is no.
 *
 * @param mcp as a tool of the project's MCP server
 * @param a2a as an A2A agent
 * @param publicCard whether its agent card is shown to those without a key
 */
public record Exposure(Boolean mcp, Boolean a2a, Boolean publicCard) {
  /** Under none, as all assistants begin. */
  public static final Exposure NONE = new Exposure(false, false, false);

  public Exposure {
    mcp = mcp != null && mcp;
    a2a = a2a != null && a2a;
    publicCard = publicCard != null && publicCard;
  }
}
