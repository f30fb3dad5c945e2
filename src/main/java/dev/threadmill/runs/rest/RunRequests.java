package dev.threadmill.runs.rest;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ReasoningEffort;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.store.TruncationStrategy;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import java.util.List;

/** The bodies of the two requests that create a run. */
public final class RunRequests {
  static final int MAX_TOOLS = 20;
  static final int MIN_TOKENS = 256;
  private static final int MAX_MODEL = 256;
  private static final int MAX_INSTRUCTIONS = 256_000;

  private RunRequests() {}

  /** The parameters that both bodies have. */
  private interface RunParameters {
    String model();

    List<ToolSpec> tools();

    ToolChoice toolChoice();

    Boolean parallelToolCalls();

    Double temperature();

    Double topP();

    Integer maxPromptTokens();

    Integer maxCompletionTokens();

    TruncationStrategy truncationStrategy();

    ResponseFormat responseFormat();

    TurnOptions.Reasoning reasoning();

    TurnOptions.Visibility visibility();

    Integer maxTurns();

    Integer maxToolCalls();

    RunBudget budget();

    default RunOverrides.Builder overrides() {
      return RunOverrides.builder()
          .model(model())
          .tools(tools())
          .toolUse(toolChoice(), parallelToolCalls())
          .sampling(temperature(), topP())
          .tokenLimits(maxPromptTokens(), maxCompletionTokens())
          .truncation(truncationStrategy())
          .responseFormat(responseFormat())
          .turns(new TurnOptions(reasoning(), visibility(), maxTurns(), maxToolCalls(), budget()));
    }
  }

  /** The body of {@code POST /v1/threads/{thread_id}/runs}. */
  public record CreateRunBody(
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
      Integer maxToolCalls,
      RunBudget budget)
      implements RunParameters {
    public CreateRunBody {
      Bounds.text("additional_instructions", additionalInstructions, MAX_INSTRUCTIONS);
      additionalMessages =
          additionalMessages == null
              ? List.of()
              : Bounds.list("additional_messages", additionalMessages, Integer.MAX_VALUE);
      tools = ToolSpec.validated(tools, MAX_TOOLS);
      ResponseFormat.checked(responseFormat);
      checkText(model, instructions);
      checkNumbers(temperature, topP, maxPromptTokens, maxCompletionTokens);
      new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, budget);
    }

    /** The run to create: of the named assistant, or of the thread's. */
    public RunSpec toSpec() {
      var overrides =
          overrides()
              .reasoningEffort(reasoningEffort)
              .instructions(instructions, additionalInstructions);
      return RunSpec.ofAssistant(assistantId)
          .with(overrides.build())
          .withMessages(additionalMessages)
          .with(metadata)
          .with(onActiveRun)
          .streamed(Boolean.TRUE.equals(stream));
    }
  }

  /** The body of {@code POST /v1/threads/runs}. */
  public record CreateThreadAndRunBody(
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
      Integer maxToolCalls,
      RunBudget budget)
      implements RunParameters {
    public CreateThreadAndRunBody {
      Bounds.required("assistant_id", assistantId);
      tools = ToolSpec.validated(tools, MAX_TOOLS);
      ResponseFormat.checked(responseFormat);
      checkText(model, instructions);
      checkNumbers(temperature, topP, maxPromptTokens, maxCompletionTokens);
      new TurnOptions(reasoning, visibility, maxTurns, maxToolCalls, budget);
    }

    /** The thread, which has the tool resources of the run if it names none itself. */
    CreateThread threadToCreate() {
      var requested = thread == null ? CreateThread.empty() : thread;
      return new CreateThread(
          requested.messages(),
          requested.toolResources() == null ? toolResources : requested.toolResources(),
          requested.metadata(),
          requested.assistantId());
    }

    /** The run to create on that thread. */
    RunSpec toSpec() {
      return RunSpec.ofAssistant(assistantId)
          .with(overrides().instructions(instructions, null).build())
          .with(metadata)
          .streamed(Boolean.TRUE.equals(stream));
    }
  }

  private static void checkText(String model, String instructions) {
    if (model != null) {
      Bounds.requiredText("model", model, MAX_MODEL);
    }
    Bounds.text("instructions", instructions, MAX_INSTRUCTIONS);
  }

  private static void checkNumbers(
      Double temperature, Double topP, Integer maxPromptTokens, Integer maxCompletionTokens) {
    Bounds.number("temperature", temperature, 0, 2);
    Bounds.number("top_p", topP, 0, 1);
    Bounds.integer("max_prompt_tokens", maxPromptTokens, MIN_TOKENS, Integer.MAX_VALUE);
    Bounds.integer("max_completion_tokens", maxCompletionTokens, MIN_TOKENS, Integer.MAX_VALUE);
  }
}
