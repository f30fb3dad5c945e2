/**
 * This node: its configuration, its lease, the runs that it executes and its capacity for more, and
 * the signals that it exchanges with other nodes about them.
 */
package dev.threadmill.runs.node;
