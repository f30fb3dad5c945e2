package dev.threadmill.runs.spec;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.threads.CreateMessage;
import java.util.List;
import java.util.Map;

/**
 * The request to create a run, from any protocol: the Assistants API, the stream of a message, MCP,
 * A2A and the Responses API alike.
 *
 * @param messages are added to the thread before the run starts
 * @param streamed whether the answer to the request is the event stream of the run
 * @param entries are added to the thread behind the messages
 * @param outputs of tool calls of the thread, by the id of the call. A run that waits for them ends
 *     with them before this one starts.
 */
public record RunSpec(
    AssistantChoice assistant,
    RunOverrides overrides,
    List<CreateMessage> messages,
    Metadata metadata,
    OnActiveRun onActiveRun,
    boolean streamed,
    List<ThreadEntry> entries,
    Map<String, String> outputs) {
  public RunSpec {
    messages = List.copyOf(messages);
    entries = List.copyOf(entries);
    outputs = Map.copyOf(outputs);
    metadata = metadata == null ? Metadata.EMPTY : metadata;
    onActiveRun = onActiveRun == null ? OnActiveRun.REJECT : onActiveRun;
  }

  /** Whose settings the run starts from. */
  public sealed interface AssistantChoice {
    /** Those of this assistant. */
    record Named(AssistantId id) implements AssistantChoice {}

    /** Those of the assistant that its thread belongs to. */
    record OfThread() implements AssistantChoice {}

    /** The run has no assistant: its overrides contain the model and everything else. */
    record None() implements AssistantChoice {}
  }

  private static RunSpec of(AssistantChoice assistant) {
    return new RunSpec(
        assistant,
        RunOverrides.NONE,
        List.of(),
        Metadata.EMPTY,
        OnActiveRun.REJECT,
        false,
        List.of(),
        Map.of());
  }

  /** A run of this assistant, or of the thread's if it is null. */
  public static RunSpec ofAssistant(AssistantId id) {
    return of(id == null ? new AssistantChoice.OfThread() : new AssistantChoice.Named(id));
  }

  /** A run of the assistant that its thread belongs to. */
  public static RunSpec ofThreadsAssistant() {
    return of(new AssistantChoice.OfThread());
  }

  /** A run without an assistant, which these settings describe. They have to name a model. */
  public static RunSpec withoutAssistant(RunOverrides settings) {
    return of(new AssistantChoice.None()).with(settings);
  }

  /** The same with these overrides. */
  public RunSpec with(RunOverrides newOverrides) {
    return new RunSpec(
        assistant, newOverrides, messages, metadata, onActiveRun, streamed, entries, outputs);
  }

  /** The same with these messages, which are added to the thread first. */
  public RunSpec withMessages(List<CreateMessage> newMessages) {
    return new RunSpec(
        assistant, overrides, newMessages, metadata, onActiveRun, streamed, entries, outputs);
  }

  /** The same with this metadata; null for none. */
  public RunSpec with(Metadata newMetadata) {
    return new RunSpec(
        assistant, overrides, messages, newMetadata, onActiveRun, streamed, entries, outputs);
  }

  /** The same with this policy; null for {@link OnActiveRun#REJECT}. */
  public RunSpec with(OnActiveRun policy) {
    return new RunSpec(
        assistant, overrides, messages, metadata, policy, streamed, entries, outputs);
  }

  /** The same, answered with the event stream of the run if so. */
  public RunSpec streamed(boolean isStreamed) {
    return new RunSpec(
        assistant, overrides, messages, metadata, onActiveRun, isStreamed, entries, outputs);
  }

  /** The same with these entries and outputs of earlier calls. */
  public RunSpec withEntries(List<ThreadEntry> newEntries, Map<String, String> newOutputs) {
    return new RunSpec(
        assistant, overrides, messages, metadata, onActiveRun, streamed, newEntries, newOutputs);
  }
}
