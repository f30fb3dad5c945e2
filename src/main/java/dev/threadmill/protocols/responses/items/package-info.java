/** Items of the Responses API: reading those of clients, and writing those of threads and runs. */
package dev.threadmill.protocols.responses.items;
