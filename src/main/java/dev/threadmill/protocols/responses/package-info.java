/**
 * The Responses and Conversations APIs over the same threads and runs: a conversation is a thread,
 * a response a run, an item a message or a tool call.
 */
package dev.threadmill.protocols.responses;
