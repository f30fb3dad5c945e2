package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.ReasoningEffort;
import dev.threadmill.assistants.RoutingTargets;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.assistants.ToolSecrets;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.TruncationStrategy;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import java.util.List;

/** The bodies of the two calls that create a run, and what they have in common. */
public final class RunRequest {
  static final int MAX_TOOLS = 20;
  static final int MIN_TOKENS = 256;
  private static final int MAX_MODEL = 256;
  private static final int MAX_INSTRUCTIONS = 256_000;

  private RunRequest() {}

  /** The body of {@code POST /v1/threads/{thread_id}/runs}. */
  public record Create(
      AssistantId assistantId,
      String model,
      ReasoningEffort reasoningEffort,
      String instructions,
      String additionalInstructions,
      List<CreateMessage> additionalMessages,
      List<ToolSpec> tools,
      Metadata metadata,
      Double temperature,
      Double topP,
      Boolean stream,
      Integer maxPromptTokens,
      Integer maxCompletionTokens,
      TruncationStrategy truncationStrategy,
      ToolChoice toolChoice,
      Boolean parallelToolCalls,
      ResponseFormat responseFormat,
      OnActiveRun onActiveRun,
      TurnOptions.Reasoning reasoning,
      TurnOptions.Visibility visibility,
      Integer maxTurns,
      Integer maxToolCalls) {
    public Create {
      Bounds.text("additional_instructions", additionalInstructions, MAX_INSTRUCTIONS);
      additionalMessages =
          additionalMessages == null
              ? List.of()
              : Bounds.list("additional_messages", additionalMessages, Integer.MAX_VALUE);
      tools = ToolSpec.validated(tools, MAX_TOOLS);
      ResponseFormat.checked(responseFormat);
      check(model, instructions, temperature, topP, maxPromptTokens, maxCompletionTokens);
      new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls);
    }

    /** A run of the thread's own assistant, with nothing set otherwise. */
    public static Create ofThreadsAssistant() {
      return new Create(
          null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
          null, null, null, null, null, null, null);
    }

    /** A run that answers a message, after the active one if there is one. */
    public static Create inTurn(AssistantId assistant, CreateMessage message, Metadata metadata) {
      return new Create(
          assistant,
          null,
          null,
          null,
          null,
          List.of(message),
          null,
          metadata,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          OnActiveRun.QUEUE,
          null,
          null,
          null,
          null);
    }

    OnActiveRun ifActive() {
      return onActiveRun == null ? OnActiveRun.REJECT : onActiveRun;
    }

    /** Whether the answer is the stream of the run. */
    public boolean isStreamed() {
      return Boolean.TRUE.equals(stream);
    }

    Overrides overrides() {
      return new Overrides(
          model,
          reasoningEffort,
          instructions,
          additionalInstructions,
          tools,
          temperature,
          topP,
          maxPromptTokens,
          maxCompletionTokens,
          truncationStrategy,
          toolChoice,
          parallelToolCalls,
          responseFormat,
          new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls));
    }
  }

  /** The body of {@code POST /v1/threads/runs}. */
  public record CreateWithThread(
      AssistantId assistantId,
      CreateThread thread,
      String model,
      String instructions,
      List<ToolSpec> tools,
      ToolResources toolResources,
      Metadata metadata,
      Double temperature,
      Double topP,
      Boolean stream,
      Integer maxPromptTokens,
      Integer maxCompletionTokens,
      TruncationStrategy truncationStrategy,
      ToolChoice toolChoice,
      Boolean parallelToolCalls,
      ResponseFormat responseFormat,
      TurnOptions.Reasoning reasoning,
      TurnOptions.Visibility visibility,
      Integer maxTurns,
      Integer maxToolCalls) {
    public CreateWithThread {
      Bounds.required("assistant_id", assistantId);
      tools = ToolSpec.validated(tools, MAX_TOOLS);
      ResponseFormat.checked(responseFormat);
      check(model, instructions, temperature, topP, maxPromptTokens, maxCompletionTokens);
      new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls);
    }

    /** A run on a new thread, with nothing set otherwise than its assistant has it. */
    public static CreateWithThread of(
        AssistantId assistant, CreateThread thread, Metadata metadata) {
      return new CreateWithThread(
          assistant, thread, null, null, null, null, metadata, null, null, null, null, null, null,
          null, null, null, null, null, null, null);
    }

    /** Whether the answer is the stream of the run. */
    public boolean isStreamed() {
      return Boolean.TRUE.equals(stream);
    }

    /** The thread, with the tool resources of the run as its own if it names none. */
    CreateThread threadToCreate() {
      var asked = thread == null ? CreateThread.empty() : thread;
      return new CreateThread(
          asked.messages(),
          asked.toolResources() == null ? toolResources : asked.toolResources(),
          asked.metadata(),
          asked.assistantId());
    }

    Overrides overrides() {
      return new Overrides(
          model,
          null,
          instructions,
          null,
          tools,
          temperature,
          topP,
          maxPromptTokens,
          maxCompletionTokens,
          truncationStrategy,
          toolChoice,
          parallelToolCalls,
          responseFormat,
          new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls));
    }
  }

  private static void check(
      String model,
      String instructions,
      Double temperature,
      Double topP,
      Integer maxPromptTokens,
      Integer maxCompletionTokens) {
    if (model != null) {
      Bounds.requiredText("model", model, MAX_MODEL);
    }
    Bounds.text("instructions", instructions, MAX_INSTRUCTIONS);
    Bounds.number("temperature", temperature, 0, 2);
    Bounds.number("top_p", topP, 0, 1);
    Bounds.integer("max_prompt_tokens", maxPromptTokens, MIN_TOKENS, Integer.MAX_VALUE);
    Bounds.integer("max_completion_tokens", maxCompletionTokens, MIN_TOKENS, Integer.MAX_VALUE);
  }

  /** What a run sets otherwise than its assistant. Null means as the assistant has it. */
  record Overrides(
      String model,
      ReasoningEffort reasoningEffort,
      String instructions,
      String additionalInstructions,
      List<ToolSpec> tools,
      Double temperature,
      Double topP,
      Integer maxPromptTokens,
      Integer maxCompletionTokens,
      TruncationStrategy truncationStrategy,
      ToolChoice toolChoice,
      Boolean parallelToolCalls,
      ResponseFormat responseFormat,
      TurnOptions turns) {
    /** All as the assistant has it. */
    static final Overrides NONE = Create.ofThreadsAssistant().overrides();

    /**
     * The settings of a run of this assistant.
     *
     * @throws ApiException 400 if the tool that must be called is not among the tools, or one
     *     routes to an assistant that does not exist
     */
    Run.Settings over(Assistant assistant, ToolSecrets secrets, RoutingTargets targets) {
      var project = assistant.projectId();
      var own = secrets.sealAll(project, targets.resolve(project, null, tools), assistant.tools());
      var settings =
          new Run.Settings(
              or(model, assistant.model()),
              allInstructions(or(instructions, or(assistant.instructions(), ""))),
              own == null ? targets.refreshNames(project, assistant.tools()) : own,
              or(or(temperature, assistant.temperature()), 1.0),
              or(or(topP, assistant.topP()), 1.0),
              maxPromptTokens,
              maxCompletionTokens,
              or(truncationStrategy, TruncationStrategy.AUTO),
              or(toolChoice, ToolChoice.AUTO),
              or(parallelToolCalls, true),
              or(responseFormat, assistant.responseFormat()),
              effort(or(reasoningEffort, assistant.reasoningEffort())),
              assistant.safety(),
              assistant.memory(),
              turns.withDefaults(assistant.turns()),
              null,
              null);
      requireChoosable(settings);
      return settings;
    }

    private String allInstructions(String base) {
      if (additionalInstructions == null || additionalInstructions.isEmpty()) {
        return base;
      }
      return base.isEmpty() ? additionalInstructions : base + "\n" + additionalInstructions;
    }

    private static void requireChoosable(Run.Settings settings) {
      boolean choosable =
          switch (settings.toolChoice()) {
            case ToolChoice.Mode mode ->
                !mode.equals(ToolChoice.REQUIRED) || !settings.tools().isEmpty();
            case ToolChoice.Function(var name) ->
                settings.tools().stream()
                    .anyMatch(
                        tool ->
                            switch (tool) {
                              case ToolSpec.Function _, ToolSpec.Webhook _ ->
                                  tool.key().equals(name);
                              // The tools of an MCP server are not known here.
                              case ToolSpec.Mcp(var mcp) ->
                                  name.startsWith(mcp.serverLabel() + "_");
                              case ToolSpec.AgentRouting(var routing) -> routing.hasFunction(name);
                              case ToolSpec.CodeInterpreter _, ToolSpec.FileSearch _ -> false;
                            });
            case ToolChoice.BuiltIn(var type) ->
                settings.tools().stream().anyMatch(tool -> tool.type().equals(type));
          };
      if (!choosable) {
        throw ApiException.invalid(
            "tool_choice", "Invalid 'tool_choice': the run has no such tool to call.");
      }
    }

    private static String effort(ReasoningEffort effort) {
      return effort == null ? null : effort.wire();
    }

    private static <T> T or(T value, T other) {
      return value == null ? other : value;
    }
  }
}
