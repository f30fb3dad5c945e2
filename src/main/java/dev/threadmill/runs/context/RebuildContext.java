package dev.threadmill.runs.context;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.memory.RetrieveMemory;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.SentContext;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.tools.ToolsetFactory;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/** Rebuilds the prompt of a step's model call from the stored references. */
@ApplicationScoped
public class RebuildContext {
  private final RunStore runs;
  private final StepStore steps;
  private final ThreadHistory history;
  private final RetrieveMemory memory;
  private final ModelRegistry models;
  private final ToolsetFactory toolsets;
  private final PromptFiles files;
  private final FindHistoryStart findHistoryStart;

  RebuildContext(
      RunStore runs,
      StepStore steps,
      ThreadHistory history,
      RetrieveMemory memory,
      ModelRegistry models,
      ToolsetFactory toolsets,
      PromptFiles files,
      FindHistoryStart findHistoryStart) {
    this.toolsets = toolsets;
    this.files = files;
    this.findHistoryStart = findHistoryStart;
    this.runs = runs;
    this.steps = steps;
    this.history = history;
    this.memory = memory;
    this.models = models;
  }

  /** The context of a step; 404 if there is no such step, or no references are stored for it. */
  public StepContextObject of(ProjectId project, ThreadId thread, RunId runId, StepId stepId) {
    var run = runs.get(project, thread, runId);
    var step = steps.get(project, thread, runId, stepId);
    var sent =
        steps.context(step).orElseThrow(() -> ApiException.notFound("context of step", stepId));
    var remembered = memory.restore(thread, sent.memory());
    var entries = entries(run, sent);
    var functions =
        toolsets.fromCache(project, run.settings().model(), run.settings().tools()).functions();
    var model = models.require(sent.model()).info();
    var shown = withFiles(project, entries, model);
    var summary =
        run.settings().opening().mayHaveSummary()
            ? findHistoryStart.of(thread, step.createdAt()).summary()
            : null;
    var prompt =
        new BuildContext.Prompt(
            BuildContext.messages(run.settings(), remembered.text(), summary, shown, model),
            functions);
    return new StepContextObject(
        "thread.run.step.context",
        stepId.value(),
        runId.value(),
        thread.value(),
        sent.model(),
        PromptDigest.of(prompt.messages(), prompt.functions()).equals(sent.digest()),
        parts(run, remembered, summary, entries, prompt),
        leftOut(run, sent),
        sent.memory().state(),
        prompt.messages().stream()
            .map(
                message ->
                    StepContextObject.SentMessage.of(
                        message, run.settings().turns().showReasoning()))
            .toList());
  }

  /** The texts of files may be longer than they were in the prompt, where other text had to fit. */
  private List<HistoryEntry> withFiles(
      ProjectId project, List<HistoryEntry> entries, ModelInfo model) {
    try {
      return files.plan(project, entries, model, model.contextWindow()).load();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The server is stopping.", 1);
    }
  }

  private List<HistoryEntry> entries(Run run, SentContext sent) {
    var window = sent.window();
    if (window == null) {
      return List.of();
    }
    AnswerMemory.current()
        .reserve(() -> steps.characters(run.threadId(), window.fromTime(), window.toTime()));
    return history.between(run, window.fromTime(), window.toTime());
  }

  private StepContextObject.Omitted leftOut(Run run, SentContext sent) {
    var window = sent.window();
    if (window == null || window.cutBy() == null) {
      return new StepContextObject.Omitted(0, null);
    }
    return new StepContextObject.Omitted(
        history.countBefore(run, window.fromTime()), window.cutBy());
  }

  private static List<StepContextObject.Part> parts(
      Run run,
      RetrieveMemory.Result remembered,
      String summary,
      List<HistoryEntry> entries,
      BuildContext.Prompt prompt) {
    var parts = new ArrayList<StepContextObject.Part>();
    var instructions = run.settings().sentInstructions();
    if (!instructions.isBlank()) {
      parts.add(new StepContextObject.Instructions(instructions, TokenCounter.count(instructions)));
    }
    if (remembered.summary() != null) {
      parts.add(
          new StepContextObject.Summary(
              remembered.summaryVersion(),
              remembered.summary(),
              TokenCounter.count(remembered.summary())));
    }
    for (var memory : remembered.recalled()) {
      parts.add(
          new StepContextObject.Recalled(
              memory.text(),
              memory.score(),
              new StepContextObject.Source(
                  memory.sourceType(), memory.sourceId(), memory.thread().value()),
              memory.createdAt().getEpochSecond(),
              TokenCounter.count(memory.text())));
    }
    if (summary != null) {
      parts.add(new StepContextObject.Compaction(summary, TokenCounter.count(summary)));
    }
    for (var entry : entries) {
      parts.add(
          switch (entry) {
            case HistoryEntry.MessageEntry message ->
                new StepContextObject.MessagePart(
                    message.id().value(), message.role(), message.content(), message.tokens());
            case HistoryEntry.CallsEntry step ->
                new StepContextObject.CallsPart(
                    step.calls().stream().map(call -> call.id().value()).toList(), step.tokens());
          });
    }
    for (var function : prompt.functions()) {
      parts.add(new StepContextObject.Tool(function, TokenCounter.count(function)));
    }
    return parts;
  }
}
