/**
 * The audit log: what admins did, in chains of entries that each have the hash of the one before.
 */
package dev.threadmill.audit;
