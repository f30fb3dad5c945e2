package dev.threadmill.models;

/**
 * A call that a model asked for.
 *
 * @param id in a prompt: the id its result refers to. In an answer: the provider's own, which may
 *     be empty or not unique, and which the engine replaces
 * @param arguments JSON text as the model wrote it, which need not be valid
 */
public record ModelToolCall(String id, String name, String arguments) {}
