/**
 * The engine: how runs are created, claimed, executed, routed to other assistants and ended. It
 * uses {@code store}, {@code live} and {@code context}; those who show runs, over HTTP or
 * otherwise, and those who look after them use it.
 */
package dev.threadmill.runs;
