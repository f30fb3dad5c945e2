/** The commands that import into a running server, and export from it. */
package dev.threadmill.lab.transfer;
