/** The audit log over HTTP. */
package dev.threadmill.audit.rest;
