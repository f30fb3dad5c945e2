/** Tools that are calls of HTTP endpoints. */
package dev.threadmill.tools.webhook;
