/** Admins that sign in with an identity provider. */
package dev.threadmill.projects.oidc;
