/** Threads, messages and their content parts, and how a thread is copied and deleted. */
package dev.threadmill.threads;
