/**
 * Runs the code of models where it reaches no network and no files but its own, with limits of
 * time, memory, processes and output. {@link dev.threadmill.sandbox.Sandbox} is the interface;
 * bubblewrap or containers isolate the processes.
 */
package dev.threadmill.sandbox;
