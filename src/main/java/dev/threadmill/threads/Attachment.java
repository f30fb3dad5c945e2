package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.List;
import java.util.regex.Pattern;

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

  /**
   * Whether this tool may use the file.
   *
   * @param type {@link Tool#CODE_INTERPRETER} or {@link Tool#FILE_SEARCH}
   */
  public boolean isFor(String type) {
    return tools != null && tools.stream().anyMatch(tool -> tool.type().equals(type));
  }

  /** The names of the tools of the assistant's own that may use the file. */
  @JsonIgnore
  public List<String> ownTools() {
    return tools == null
        ? List.of()
        : tools.stream().filter(tool -> !tool.isBuiltIn()).map(Tool::named).distinct().toList();
  }

  /**
   * A tool that works on files: a built-in one, or a tool of the assistant's own.
   *
   * @param type of a built-in tool; else the type of the tool, or its name
   * @param name of the tool, if the type does not say it; null otherwise
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Tool(String type, String name) {
    /** The type of the code interpreter. */
    public static final String CODE_INTERPRETER = "code_interpreter";

    /** The type of the file search. */
    public static final String FILE_SEARCH = "file_search";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /** Only the name of the object counts, as in the objects of tools. */
    record Named(String name) {
      Named {
        check("name", Bounds.required("name", name));
      }
    }

    @JsonCreator
    static Tool of(
        @JsonProperty("type") String type,
        @JsonProperty("name") String name,
        @JsonProperty("function") Named function,
        @JsonProperty("webhook") Named webhook) {
      check("type", Bounds.required("type", type));
      if (name != null) {
        check("name", name);
      }
      var nested = function == null ? webhook : function;
      return new Tool(type, name == null && nested != null ? nested.name() : name);
    }

    private static void check(String param, String name) {
      if (!NAME.matcher(name).matches()) {
        throw ApiException.invalid(
            param,
            "Invalid '%s': expected 'code_interpreter', 'file_search' or the name of a tool."
                .formatted(param));
      }
    }

    @JsonIgnore
    boolean isBuiltIn() {
      return type.equals(CODE_INTERPRETER) || type.equals(FILE_SEARCH);
    }

    private String named() {
      return name == null ? type : name;
    }
  }
}
