/** The API keys of projects, as admins create, change and rotate them. */
package dev.threadmill.projects.keys;
