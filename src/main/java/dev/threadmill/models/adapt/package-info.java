/** Adapts prompts and calls to what a model accepts, and remembers what a provider refused. */
package dev.threadmill.models.adapt;
