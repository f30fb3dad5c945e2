/**
 * Embedding models: the built-in ones, and those of providers; for the memory, and for clients over
 * {@code POST /v1/embeddings}.
 */
package dev.threadmill.models.embeddings;
