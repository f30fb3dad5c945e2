/**
 * Content filters for every text that enters, is sent to a model or leaves, and the encryption of
 * secrets.
 */
package dev.threadmill.guard;
