package dev.threadmill.models;

/**
 * What a model can do, as data.
 *
 * @param name as clients call it
 * @param contextWindow in tokens, prompt and completion together
 * @param maxOutput the most tokens it writes in one answer
 * @param ownedBy the provider's name, shown in {@code GET /v1/models}
 */
public record ModelInfo(
    String name,
    String ownedBy,
    int contextWindow,
    int maxOutput,
    boolean tools,
    boolean images,
    boolean audio,
    boolean reasoning) {}
