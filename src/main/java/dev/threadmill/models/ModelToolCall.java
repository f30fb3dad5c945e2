package dev.threadmill.models;

/**
 * A tool call of a model.
 *
 * @param id in a prompt: the id that its result names. In a response: the provider's own, which may
 *     be empty or not unique, and which the engine replaces
 * @param arguments JSON text as the model wrote it, not necessarily valid
 */
public record ModelToolCall(String id, String name, String arguments) {}
