/** Client tokens: short-lived secrets for browsers, each bound to a user. */
package dev.threadmill.projects.tokens;
