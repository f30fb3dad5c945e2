/**
 * A run while this node executes it: how far it has come, what has happened and what clients are
 * told of it, the journal that keeps what is not stored yet, and who reads along. It uses {@code
 * store}.
 */
package dev.threadmill.runs.execution;
