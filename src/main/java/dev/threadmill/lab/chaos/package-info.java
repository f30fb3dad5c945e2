/**
 * {@code ./threadmill chaos}: three nodes under load with injected faults, followed by checks of
 * the guarantees. {@link dev.threadmill.lab.chaos.InvariantChecks} contains the checks, which the
 * tests use as well. No class of the server uses this package.
 */
package dev.threadmill.lab.chaos;
