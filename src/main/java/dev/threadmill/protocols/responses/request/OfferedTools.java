package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.ToolChoice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tools of a request.
 *
 * @param specs as a run takes them
 * @param names functions that clients know by something else than their name
 * @param echo the tools as the response repeats them, without secrets
 * @param choice which of them the model has to call; null for its own choice
 * @param codeFiles files that code may read
 * @param container where code runs; null if it may run none
 */
public record OfferedTools(
    List<ToolSpec> specs,
    Map<String, ClientName> names,
    JsonNode echo,
    ToolChoice choice,
    List<CodeFile> codeFiles,
    CodeContainer container) {
  public OfferedTools {
    specs = List.copyOf(specs);
    names = Map.copyOf(names);
    codeFiles = List.copyOf(codeFiles);
  }

  /**
   * A file that code may read.
   *
   * @param param the field that names it
   */
  public record CodeFile(String id, String param) {}

  /**
   * Where code runs.
   *
   * @param param the field that says so
   * @param id of a container; null for that of the thread
   * @param memoryLimit what the client asks for; null for that of the server
   */
  public record CodeContainer(String param, String id, String memoryLimit) {}

  /**
   * How the client knows a function.
   *
   * @param namespace null for none
   * @param custom whether it takes a text, not an object
   */
  public record ClientName(String name, String namespace, boolean custom) {}

  /** Knows which tools this server can offer. */
  @FunctionalInterface
  public interface Availability {
    /**
     * Why a model cannot be offered a tool, as a sentence; empty if it can.
     *
     * @param model null if it is that of an assistant
     */
    Optional<String> objection(String model, ToolSpec tool);
  }
}
