package dev.threadmill.tools;

import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolSpec;
import jakarta.inject.Singleton;
import java.util.List;

/** Puts together the tools of runs. */
@Singleton
public class Toolboxes {
  private final ArgumentSchemas schemas;
  private final WebhookCalls webhooks;

  Toolboxes(ArgumentSchemas schemas, WebhookCalls webhooks) {
    this.schemas = schemas;
    this.webhooks = webhooks;
  }

  /** A toolbox without any tools. */
  public Toolbox none() {
    return new Toolbox(schemas);
  }

  /** The toolbox of a run with these tools. Where names are given twice the first counts. */
  public Toolbox of(ProjectId project, List<ToolSpec> tools) {
    var box = new Toolbox(schemas);
    for (var tool : tools) {
      switch (tool) {
        case ToolSpec.Function(var function) -> box.add(function);
        case ToolSpec.Webhook(var webhook) -> box.add(new WebhookTool(webhook, webhooks));
        case ToolSpec.CodeInterpreter _, ToolSpec.FileSearch _ -> {
          // Not offered to the model while the server cannot execute it.
        }
      }
    }
    return box;
  }
}
