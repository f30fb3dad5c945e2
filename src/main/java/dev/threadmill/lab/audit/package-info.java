/** The command that verifies the audit log of a running server. */
package dev.threadmill.lab.audit;
