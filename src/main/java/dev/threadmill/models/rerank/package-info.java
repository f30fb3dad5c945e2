/**
 * Re-ranking of passages by a model of a provider: {@link dev.threadmill.models.rerank.Reranker}.
 */
package dev.threadmill.models.rerank;
