/**
 * {@code ./threadmill chaos}: three nodes under load to which things happen, and what is left of
 * the promises afterwards. {@link dev.threadmill.lab.chaos.InvariantChecks} holds the checks, which
 * the tests use as well. Nothing of the server uses this package.
 */
package dev.threadmill.lab.chaos;
