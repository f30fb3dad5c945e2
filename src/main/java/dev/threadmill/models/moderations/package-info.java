/** The front door for moderations, which are passed on to a provider. */
package dev.threadmill.models.moderations;
