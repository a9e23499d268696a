// Package e2e holds the journeys: curfew as `curfew dev` starts it, real Chromium, relying parties that nobody here wrote.
package e2e
