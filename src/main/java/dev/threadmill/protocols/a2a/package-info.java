/** Assistants as agents of the A2A protocol: messages are runs, tasks are their states. */
package dev.threadmill.protocols.a2a;
