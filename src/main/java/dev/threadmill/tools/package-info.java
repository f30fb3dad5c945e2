/**
 * Tools of runs: what a run offers to its model, and the execution of calls. Each kind of tool has
 * a {@link dev.threadmill.tools.ToolProvider}, most in a sub-package.
 */
package dev.threadmill.tools;
