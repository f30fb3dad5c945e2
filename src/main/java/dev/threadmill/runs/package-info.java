/**
 * The engine: how runs are created, claimed, executed, routed to other assistants and ended. It
 * uses {@code store}, {@code execution} and {@code context}; the packages {@code rest}, {@code
 * streams}, {@code api} and {@code maintenance} use it.
 */
package dev.threadmill.runs;
