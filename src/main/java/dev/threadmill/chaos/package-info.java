/**
 * {@code ./threadmill chaos}: three nodes under load to which things happen, and what is left of
 * the promises afterwards. {@link dev.threadmill.chaos.History} holds the checks, which the tests
 * use as well. Nothing of the server uses this package.
 */
package dev.threadmill.chaos;
