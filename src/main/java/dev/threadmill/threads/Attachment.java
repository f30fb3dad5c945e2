package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;
import java.util.List;

/**
 * A file that is attached to a message.
 *
 * @param tools which tools may use it; null if the client did not say
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Attachment(String fileId, List<Tool> tools) {
  private static final int MAX_TOOLS = 10;

  public Attachment {
    Bounds.required("file_id", fileId);
    tools = Bounds.list("tools", tools, MAX_TOOLS);
  }

  /** Whether this tool may use the file. */
  public boolean isFor(Tool.Type type) {
    return tools != null && tools.stream().anyMatch(tool -> tool.type() == type);
  }

  /** A tool that works on files. */
  public record Tool(Type type) {
    @JsonCreator
    public Tool {
      Bounds.required("type", type);
    }

    /** Which. */
    public enum Type {
      @JsonProperty("code_interpreter")
      CODE_INTERPRETER,
      @JsonProperty("file_search")
      FILE_SEARCH
    }
  }
}
