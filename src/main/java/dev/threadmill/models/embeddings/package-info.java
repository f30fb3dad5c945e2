/** Embedding models: the built-in ones, and those of the default provider. */
package dev.threadmill.models.embeddings;
