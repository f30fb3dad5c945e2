/** Shares the heap between requests and runs: permits for large objects, and their sizes. */
package dev.threadmill.api.heap;
