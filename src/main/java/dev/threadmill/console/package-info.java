/**
 * The console: serves its pages, which are built from {@code src/main/console}, and the sessions by
 * which browsers use the API.
 */
package dev.threadmill.console;
