/** Sends messages to agents of other servers by the A2A protocol. */
package dev.threadmill.tools.a2a;
