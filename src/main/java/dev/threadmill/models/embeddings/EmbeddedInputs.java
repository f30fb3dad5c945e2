package dev.threadmill.models.embeddings;

import java.util.List;

/**
 * Vectors in the order of their inputs, as the model returned them.
 *
 * @param promptTokens that the model read; 0 if the provider does not say
 */
record EmbeddedInputs(List<float[]> vectors, long promptTokens) {}
