/** Writes responses of server-sent events, pulled by the connection and with keep-alive. */
package dev.threadmill.api.sse;
