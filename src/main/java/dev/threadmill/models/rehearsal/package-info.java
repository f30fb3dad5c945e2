/**
 * The rehearsal model, which needs no provider: commands in the text of the user control its
 * answers.
 */
package dev.threadmill.models.rehearsal;
